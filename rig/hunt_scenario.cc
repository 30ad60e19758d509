#include "rig/hunt_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace closewait {
namespace {

// Connections a second: a fraction of what it serves, so that it is never saturated.
constexpr double kShareOfServed = 0.15;
constexpr double kHighestRate = 800;
constexpr double kLowestRate = 20;
constexpr double kRateOfOpen = 4;  // at most, of each that may be open: most stay for milliseconds
constexpr double kPoliteShare = 0.4;

// Of the connections that may be open, this share is for those who stay, evenly.
constexpr double kShareOfStaying = 0.6;
constexpr double kFastestStaying = 3;  // of each behaviour, a second
constexpr double kOpenAtFullRate = 200;

const Parameter* parameter_of(const Behaviour& behaviour, std::string_view name) {
  const auto found = std::ranges::find(behaviour.parameters, name, &Parameter::name);
  return found == behaviour.parameters.end() ? nullptr : &*found;
}

// Those that are there for a second or two by intent.
bool stays(const Behaviour& behaviour) {
  return parameter_of(behaviour, "hold") != nullptr || parameter_of(behaviour, "every") != nullptr;
}

double round_rate(double rate) {
  const double step = std::pow(10, std::floor(std::log10(rate)) - 1);
  return std::round(rate / step) * step;
}

std::string client_text(const Behaviour& behaviour, double weight, std::uint64_t at_most) {
  if (behaviour.polite && !stays(behaviour)) {
    return fmt::format("{}: {:.3g}", behaviour.name, weight);
  }
  if (!stays(behaviour)) {
    return fmt::format("{}: {{weight: {:.3g}, optional: on}}", behaviour.name, weight);
  }
  std::string text =
      fmt::format("{}: {{weight: {:.3g}, at_most: {}", behaviour.name, weight, at_most);
  if (parameter_of(behaviour, "hold") != nullptr) {
    text += behaviour.polite ? ", hold: 3s" : ", hold: 1s";
  }
  if (!behaviour.polite) text += ", optional: on";
  return text + "}";
}

// The clients of a storm: weights are connections a second.
std::string storm_clients(const HuntedTarget& target, double rate) {
  const auto& all = target.behaviours;
  const auto staying = static_cast<double>(
      std::ranges::count_if(all, [](const Behaviour* each) { return stays(*each); }));
  const auto quick = static_cast<double>(std::ranges::count_if(
      all, [](const Behaviour* each) { return !stays(*each) && !each->polite; }));
  const double scale = static_cast<double>(target.open_at_most) / kOpenAtFullRate;
  const double each_staying =
      std::min(kFastestStaying * scale, 0.3 * rate / std::max(1.0, staying));
  const auto at_most = static_cast<std::uint64_t>(std::max(
      1.0, kShareOfStaying * static_cast<double>(target.open_at_most) / std::max(1.0, staying)));
  const double each_quick =
      (rate * (1 - kPoliteShare) - each_staying * staying) / std::max(1.0, quick);
  std::string text;
  for (const Behaviour* behaviour : all) {
    const double weight = behaviour->name == "polite" ? kPoliteShare * rate
                          : stays(*behaviour)         ? each_staying
                                                      : each_quick;
    text += fmt::format("      {}\n", client_text(*behaviour, weight, at_most));
  }
  return text;
}

// "target.protocol.request" becomes an entry of the map; values are YAML already.
std::string target_text(const HuntedTarget& target) {
  constexpr std::string_view kOfTarget = "target.";
  std::string text = fmt::format("  address: '{}'\n", target.address.to_string());
  for (const auto& [path, value] : target.speaks) {
    text += fmt::format("  {}: {}\n", path.substr(kOfTarget.size()), value);
  }
  return text;
}

}  // namespace

std::string hunt_scenario_text(const HuntedTarget& target) {
  const double highest =
      std::clamp(kRateOfOpen * static_cast<double>(target.open_at_most), kLowestRate, kHighestRate);
  const double rate =
      round_rate(std::clamp(kShareOfServed * target.polite_per_second, kLowestRate, highest));
  return fmt::format(
      "# Made by `closewait hunt {0}`: all that applies to that target, about a minute. Keep it, "
      "and\n"
      "# promise what it means to do (docs/scenario.md#targetpromises): what is not promised is "
      "not\n"
      "# judged.\n"
      "name: hunt\n"
      "seed: {5}\n"
      "target:\n"
      "{1}"
      "load: {{open_at_most: {2}, grace: 10s}}\n"
      "warm_up: {{for: 2s, rate: {3}, clients: {{polite: 1}}}}\n"
      "cycle:\n"
      "  - {{name: control, for: 1s, rate: {3}, clients: {{polite: 1}}}}\n"
      "  - name: storm\n"
      "    for: 5s\n"
      "    rate: {3}\n"
      "    clients:\n"
      "{4}"
      "  - {{name: rest, settle: 8s, quiet: 500ms}}\n"
      "repeat: 6\n"
      "expect:\n"
      "  clients.polite.failed_ratio: < 1%\n"
      "  latency.polite.response.p50: < 100x control\n",
      target.address.to_string(), target_text(target), target.open_at_most, format_rate(rate),
      storm_clients(target, rate), target.seed);
}

}  // namespace closewait
