#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <utility>

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

// Fail beats inconclusive beats pass, over all runs too.
ExitStatus worse_of(ExitStatus one, ExitStatus other) {
  const auto weight = [](ExitStatus status) {
    return status == ExitStatus::kFail ? 2 : status == ExitStatus::kInconclusive ? 1 : 0;
  };
  return weight(one) >= weight(other) ? one : other;
}

// The cycles that are left after a run which its first finding ended.
std::optional<Scenario> rest_of(const Scenario& scenario, const Run& run) {
  if (scenario.on_finding != OnFinding::kRestart || run.findings.empty()) return {};
  Scenario left = scenario;
  if (scenario.repeat_length) {
    const Nanoseconds played = from_seconds(run.duration_seconds);
    left.repeat_length = *scenario.repeat_length - played;
    return *left.repeat_length > Nanoseconds(0) ? std::optional(left) : std::nullopt;
  }
  std::uint64_t played = 1;
  for (const PlayedPhase& each : run.played) played = std::max(played, each.cycle);
  if (played >= scenario.repeat) return {};
  left.repeat = scenario.repeat - played;
  return left;
}

// With `on_finding: {then: restart}` as many runs as it takes, each in a folder of its own. What
// was found is not forgotten when a later one cannot be played.
ExitStatus play_with_restarts(ChosenScenario chosen, const RunOptions& options,
                              const std::string& given, const Interrupt& interrupt) {
  ExitStatus worst = ExitStatus::kPass;
  const std::string out = given.ends_with('/') ? given.substr(0, given.size() - 1) : given;
  for (int i = 1; !interrupt.came(); ++i) {
    const std::string folder = i == 1 || out.empty() ? out : fmt::format("{}-{}", out, i);
    try {
      const Run run = play(chosen, options, folder, interrupt,
                           [&](const auto& played) { print_result(played, options.json); });
      worst = worse_of(worst, status_of(run));
      auto left = rest_of(chosen.scenario, run);
      if (!left) break;
      chosen.scenario = std::move(*left);
      chosen.scenario.halve = false;  // what causes it was looked for once
    } catch (const std::exception& error) {
      if (i == 1) throw;
      fmt::print(stderr, "closewait: the target is not started again: {}\n", error.what());
      break;
    }
  }
  return worst;
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
  ExitStatus worst = ExitStatus::kPass;
  for (std::uint64_t i = 1; i <= options.repeat; ++i) {
    if (interrupt.came()) return worst == ExitStatus::kPass ? ExitStatus::kInconclusive : worst;
    const bool numbered = options.repeat > 1 && !options.out.empty();
    const std::string out = numbered ? fmt::format("{}/{}", options.out, i) : options.out;
    worst = worse_of(worst, play_with_restarts(chosen, options, out, interrupt));
  }
  return worst;
}

}  // namespace closewait
