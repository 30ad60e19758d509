#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "loadgen/scenario.h"

namespace closewait {

// Exit statuses of every subcommand.
enum class ExitStatus : int { kPass = 0, kFail = 1, kBadInput = 2, kInconclusive = 3 };

// What `closewait run` was told on the command line.
struct RunOptions {
  std::string scenario;  // a file; "" with --target and --mix
  std::string target;
  QuickScenario quick;
  std::optional<std::int64_t> pid;
  bool allow_remote = false;
  std::string out;
  std::string name;                // of the folder in results/; "" for the scenario's and the time
  Nanoseconds wait_for_target{0};  // until something listens at a target that runs already
  std::optional<SocketAddress> metrics;
  Nanoseconds metrics_linger = std::chrono::seconds(30);  // after the run, until scraped twice
  std::optional<std::uint64_t> seed;
  std::vector<Setting> settings;
  std::map<std::string, std::string> labels;
  std::uint64_t repeat = 1;
  std::optional<std::uint64_t> connection;  // plays this one of the plan alone
  std::string find_limit;                   // an expectation; "" plays the scenario as it is
  bool show_phases = true;                  // a line on standard error for each that is over
  bool keep_target = false;
  bool json = false;
};

// The scenario that the options come to. Throws UsageError.
struct ChosenScenario {
  Scenario scenario;
  std::string text;  // as run, without the settings
};
[[nodiscard]] ChosenScenario choose_scenario(const RunOptions& options);
// The options that are settings of the scenario, by whatever name.
[[nodiscard]] std::vector<Setting> all_settings(const RunOptions& options);

[[nodiscard]] ExitStatus run_command(const RunOptions& options);
[[nodiscard]] ExitStatus check_command(const RunOptions& options);

// `closewait run --connection N`: plays connection N of the plan alone, at once, and says what it
// did: delivered is a pass. Throws UsageError, the first before anything is started, when the
// plan has no such connection or is not known.
void check_connection(const Scenario& scenario, const RunOptions& options);
[[nodiscard]] ExitStatus replay_command(const Scenario& scenario, const RunOptions& options);

// `closewait run --find-limit EXPECTATION`: plays the scenario at one rate after another until it
// is known up to which the expectation holds. Throws UsageError before anything is started.
[[nodiscard]] ExitStatus find_limit_command(const Scenario& scenario, const RunOptions& options);

}  // namespace closewait
