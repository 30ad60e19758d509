#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/suggest.h"
#include "loadgen/known_behaviours.h"
#include "loadgen/scenario.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

constexpr int kCycles = 3;
constexpr double kMostWarmUpRate = 100;

[[noreturn]] void refuse(std::string_view option, std::string_view written,
                         std::string_view expected) {
  throw UsageError(fmt::format("{}: {}; expected {}", option, in_quotes(written), expected));
}

template <class T>
T read(std::string_view option, const std::string& written, const ValueKind<T>& kind) {
  const Result<T> value = kind.parse(written);
  if (!value) refuse(option, written, kind.expected);
  return *value;
}

void require_behaviour(std::string_view name) {
  if (find_behaviour(name) != nullptr || behaviour_file(name, "")) return;
  throw UsageError("--mix: unknown behaviour " + in_quotes(name) +
                   suggestion(name, behaviour_names()));
}

// "polite:80,rst-after-connect" as "polite: 80, rst-after-connect: 1".
std::string clients_of(std::string_view mix) {
  constexpr std::string_view kExpected = "behaviours with weights such as polite:80,half-close:20";
  std::string clients;
  std::vector<std::string_view> seen;
  for (std::string_view rest = mix; !rest.empty() || clients.empty();) {
    const std::string_view one = rest.substr(0, rest.find(','));
    const std::string_view name = one.substr(0, one.find(':'));
    if (name.empty()) refuse("--mix", mix, kExpected);
    const std::string_view weight = name.size() == one.size() ? "1" : one.substr(name.size() + 1);
    if (!parse_weight(weight)) refuse("--mix", one, kWeight.expected);
    require_behaviour(name);
    seen.push_back(name);
    if (std::count(seen.begin(), seen.end(), seen.back()) > 1) {
      throw UsageError("--mix: " + in_quotes(name) + " is there twice; expected it once");
    }
    clients += fmt::format("{}{}: {}", clients.empty() ? "" : ", ", name, weight);
    if (rest.ends_with(',') && one.size() + 1 == rest.size()) refuse("--mix", mix, kExpected);
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
  return clients;
}

// The text as a scalar that reads back as it is: a quote is doubled, and so is a `$`.
std::string as_yaml(std::string_view text) {
  std::string yaml = "'";
  for (const char c : text) {
    if (c == '\'' || c == '$') yaml += c;
    yaml += c;
  }
  return yaml + "'";
}

double warm_up_rate(const Rate& rate) {
  if (rate.unbounded) return kMostWarmUpRate;
  return std::min((rate.from + rate.to) / 2 / 10, kMostWarmUpRate);
}

// A third of the length; to the millisecond, where that is exact enough, to be read by people.
std::string storm_length(Nanoseconds length) {
  const Nanoseconds storm = length / kCycles;
  constexpr Nanoseconds kExactEnough = std::chrono::seconds(1);
  if (storm < kExactEnough) return format_duration(std::max(storm, Nanoseconds(1)));
  return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(storm));
}

}  // namespace

std::string quick_scenario_text(const QuickScenario& quick) {
  const SocketAddress target = read("--target", quick.target, kTargetAddress);
  if (first_bad_byte(quick.target) || quick.target.find_first_of("\t\r\n") != std::string::npos) {
    refuse("--target", quick.target, kAddressExample);
  }
  const std::string clients = clients_of(quick.mix);
  const Rate rate = read("--rate", quick.rate, kRatePlan);
  const Nanoseconds length = read("--for", quick.length, kTime);
  return fmt::format(
      "# The storms last {} in all; the rests between them are where leaks show.\n"
      "name: quick\n"
      "target: {{address: {}}}\n"
      "warm_up: {{for: 2s, rate: {}, clients: {{polite: 1}}}}\n"
      "cycle:\n"
      "  - {{name: storm, for: {}, rate: {}, clients: {{{}}}}}\n"
      "  - {{name: rest, settle: 20s, quiet: 1s}}\n"
      "repeat: {}\n",
      quick.length, as_yaml(target.to_string()), format_rate(warm_up_rate(rate)),
      storm_length(length), quick.rate, clients, kCycles);
}

}  // namespace closewait
