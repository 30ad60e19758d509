#include "loadgen/scenario.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "base/units.h"
#include "loadgen/scenario_parser.h"
#include "loadgen/settings.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {
namespace {

// In seconds, since a sum of lengths may be beyond what nanoseconds can hold.
double planned_seconds(const Phase& phase) {
  return to_seconds(phase.kind == PhaseKind::kRest ? phase.quiet : phase.duration);
}

double seconds_of_cycle(const Scenario& scenario) {
  double seconds = 0;
  for (const Phase& phase : scenario.cycle) seconds += planned_seconds(phase);
  return seconds;
}

// The rest that comes before the first storm: what the storms are compared with.
double seconds_of_first_rest(const Scenario& scenario) {
  const auto rest = std::find_if(scenario.cycle.begin(), scenario.cycle.end(),
                                 [](const Phase& phase) { return phase.kind == PhaseKind::kRest; });
  return rest == scenario.cycle.end() ? 0 : planned_seconds(*rest);
}

void refuse_short_repeat(const Scenario& scenario, const YamlNode& root, Problems& problems) {
  if (!scenario.repeat_length) return;
  const double cycle = seconds_of_cycle(scenario);
  if (to_seconds(*scenario.repeat_length) >= cycle) return;
  problems.add(root.find("repeat")->value.place,
               "'repeat' is shorter than one cycle; expected at least " +
                   format_duration(from_seconds(cycle)));
}

}  // namespace

std::optional<SocketAddress> TargetSpec::address() const {
  return addresses.empty() ? std::nullopt : std::optional(addresses.front());
}

bool Phase::is_control() const {
  return !clients.empty() && host.empty() &&
         std::all_of(clients.begin(), clients.end(),
                     [](const ClientMix& mix) { return mix.behaviour->polite; });
}

std::uint64_t Phase::planned() const {
  if (rate.unbounded || clients.empty()) return 0;
  return static_cast<std::uint64_t>(std::llround(RateCurve(rate, duration).connections()));
}

std::vector<const Behaviour*> Scenario::behaviours() const {
  std::vector<const Behaviour*> all;
  const auto add = [&](const Phase& phase) {
    for (const ClientMix& mix : phase.clients) {
      if (std::find(all.begin(), all.end(), mix.behaviour) == all.end()) {
        all.push_back(mix.behaviour);
      }
    }
  };
  if (warm_up) add(*warm_up);
  for (const Phase& phase : cycle) add(phase);
  return all;
}

std::uint64_t Scenario::planned_cycles() const {
  if (!repeat_length) return repeat;
  const double cycles = std::floor(to_seconds(*repeat_length) / seconds_of_cycle(*this));
  return static_cast<std::uint64_t>(std::max(1.0, cycles));
}

Nanoseconds Scenario::planned_length() const {
  const double seconds = (warm_up ? planned_seconds(*warm_up) : 0) + seconds_of_first_rest(*this) +
                         static_cast<double>(planned_cycles()) * seconds_of_cycle(*this);
  constexpr double kMostSeconds = 9e9;
  return from_seconds(std::min(seconds, kMostSeconds));
}

Scenario parse_scenario(const std::string& text, const std::string& file,
                        const std::vector<Setting>& settings) {
  Problems problems;
  YamlNode root = read_yaml(text, file, true, problems);
  if (root.kind != YamlNode::Kind::kMap) {
    // Nothing can be set in it or read from it; a syntax error has been told.
    if (problems.empty()) {
      problems.add({file, 1, 1}, "the scenario is " + describe(root) +
                                     "; expected a map with name, target and cycle");
    }
    problems.throw_if_any();
  }
  apply_settings(root, settings, problems);
  Scenario scenario = read_scenario(root, problems);
  if (problems.empty()) refuse_short_repeat(scenario, root, problems);
  problems.throw_if_any();
  if (!scenario.seed_given) scenario.seed = std::random_device()();
  return scenario;
}

Scenario load_scenario(const std::string& path, const std::vector<Setting>& settings) {
  const Result<std::string> text = read_yaml_file(path);
  if (!text) throw UsageError(path + ": " + describe(text.error()) + "; expected a scenario file");
  return parse_scenario(*text, path, settings);
}

}  // namespace closewait
