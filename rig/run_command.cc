#include <fmt/format.h>

#include <cstdio>

#include "report/result.h"
#include "report/table.h"
#include "rig/dialect_probe.h"
#include "rig/interrupt.h"
#include "rig/one_run.h"
#include "rig/options.h"

namespace closewait {
namespace {

void print_result(const PlayedRun& played, bool json) {
  if (json) {
    fmt::print("{}\n", result_of(played.run).dump(2));
  } else {
    fmt::print("{}\nresults in {}\n", run_table(played.run), played.folder.string());
  }
  std::fflush(stdout);  // the rig may linger
}

}  // namespace

ExitStatus run_command(const RunOptions& given) {
  RunOptions options = given;
  ChosenScenario chosen = choose_scenario(options);
  if (options.connection) check_connection(chosen.scenario, options);
  find_dialect(options, chosen);
  if (options.connection) return replay_command(chosen.scenario, options);
  if (!options.find_limit.empty()) return find_limit_command(chosen.scenario, options);
  const Interrupt interrupt;
  // Fail beats inconclusive beats pass, over all runs too.
  const auto weight = [](ExitStatus status) {
    return status == ExitStatus::kFail ? 2 : status == ExitStatus::kInconclusive ? 1 : 0;
  };
  ExitStatus worst = ExitStatus::kPass;
  for (std::uint64_t i = 1; i <= options.repeat; ++i) {
    if (interrupt.came()) return worst == ExitStatus::kPass ? ExitStatus::kInconclusive : worst;
    const bool numbered = options.repeat > 1 && !options.out.empty();
    const std::string out = numbered ? fmt::format("{}/{}", options.out, i) : options.out;
    const ExitStatus status =
        status_of(play(chosen, options, out, interrupt,
                       [&](const auto& played) { print_result(played, options.json); }));
    if (weight(status) > weight(worst)) worst = status;
  }
  return worst;
}

}  // namespace closewait
