#include "rig/options.h"

#include <fstream>
#include <random>
#include <sstream>

#include "base/error.h"

namespace closewait {
namespace {

constexpr std::string_view kQuickName = "the command line";

// Quoted, so that a path with a colon stays one scalar.
std::string yaml_scalar(const std::string& value) { return "\"" + value + "\""; }

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::vector<Setting> all_settings(const RunOptions& options) {
  std::vector<Setting> settings = options.settings;
  if (!options.target.empty() && !options.scenario.empty()) {
    settings.emplace_back("target.address", yaml_scalar(options.target));
  }
  if (options.allow_remote) settings.emplace_back("target.allow_remote", "true");
  if (options.seed) settings.emplace_back("seed", std::to_string(*options.seed));
  return settings;
}

ChosenScenario choose_scenario(const RunOptions& options) {
  const std::vector<Setting> settings = all_settings(options);
  if (options.pid && *options.pid < 1) throw UsageError("--pid: expected the id of a process");
  ChosenScenario chosen;
  if (options.scenario.empty()) {
    if (options.target.empty()) {
      throw UsageError("run what? Expected a scenario file, or --target ADDR with --mix");
    }
    chosen.text = quick_scenario_text(options.quick);
    chosen.scenario = parse_scenario(chosen.text, std::string(kQuickName), settings);
  } else {
    chosen.scenario = load_scenario(options.scenario, settings);
    chosen.text = read_text(options.scenario);
  }
  if (options.pid) chosen.scenario.target.pid = options.pid;
  // An address or process given here means the server that runs there, whatever the file would
  // start.
  if (!options.target.empty() || options.pid) chosen.scenario.target.start.clear();
  const TargetSpec& target = chosen.scenario.target;
  for (const SocketAddress& address : target.addresses) {
    if (address.is_local() || target.allow_remote) continue;
    throw UsageError(address.to_string() +
                     " is not on this machine; load goes there only with --allow-remote");
  }
  if (!chosen.scenario.seed_given) chosen.scenario.seed = std::random_device{}();
  return chosen;
}

}  // namespace closewait
