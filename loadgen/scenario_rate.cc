#include "loadgen/scenario_rate.h"

#include <algorithm>
#include <array>

#include "base/units.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

constexpr std::size_t kMostSteps = 1000;
constexpr std::string_view kRateExpected =
    "a rate such as 2000/s, a ramp such as 500/s..4000/s, steps, a spike, or max (at most "
    "10000000/s)";
constexpr std::array<std::string_view, 2> kRateStepKeys{"at", "rate"};
constexpr std::array<std::string_view, 4> kSpikeKeys{"base", "spike", "at", "for"};

// What a step is held against: the one before it, and the phase.
struct Around {
  const RateStep* before = nullptr;
  Nanoseconds duration{0};
};

void check_instant(const MapReader& reader, Nanoseconds at, const Around& around) {
  const Place& place = reader.find("at")->value.place;
  const std::string written = "'at' is " + describe(reader.find("at")->value);
  if (around.before == nullptr && at.count() != 0) {
    reader.problem(place, written + " in the first step; expected 0s");
  } else if (around.before != nullptr && at <= around.before->at) {
    reader.problem(place, written + ", which is not after the step before it; expected more than " +
                              format_duration(around.before->at));
  } else if (around.duration.count() > 0 && at >= around.duration) {
    reader.problem(place, written + ", which is not within the phase; expected less than " +
                              format_duration(around.duration));
  }
}

RateStep read_step(const MapReader& phase, const YamlNode& node, const Around& around) {
  const MapReader reader(node, "a step of 'rate'", kRateStepKeys, phase.problems());
  RateStep step;
  reader.require("at", kTimeOrZero.expected);
  reader.require("rate", kSteadyRate.expected);
  if (reader.read("at", kTimeOrZero, step.at)) check_instant(reader, step.at, around);
  reader.read("rate", kSteadyRate, step.rate);
  return step;
}

void read_steps(const MapReader& phase, const YamlNode& node, Nanoseconds duration, Rate& rate) {
  if (node.items.empty() || node.items.size() > kMostSteps) {
    phase.problem(node.place, "'rate' has " + std::to_string(node.items.size()) +
                                  " steps; expected 1 to " + std::to_string(kMostSteps) +
                                  " such as {at: 0s, rate: 100/s}");
    return;
  }
  const bool good_so_far = phase.problems().empty();
  for (const YamlNode& item : node.items) {
    const RateStep* before = rate.steps.empty() ? nullptr : &rate.steps.back();
    rate.steps.push_back(read_step(phase, item, {.before = before, .duration = duration}));
  }
  const auto is_nothing = [](const RateStep& step) { return step.rate == 0; };
  if (good_so_far && phase.problems().empty() && std::ranges::all_of(rate.steps, is_nothing)) {
    phase.problem(node.place,
                  "'rate' is 0/s in every step; expected a rate above 0/s in one of them");
  }
}

struct Spike {
  double base = 0;
  double height = 0;
  Nanoseconds at{0};
  Nanoseconds length{0};
};

void check_spike(const MapReader& reader, const Spike& spike, Nanoseconds duration) {
  if (spike.height <= spike.base) {
    reader.problem(reader.find("spike")->value.place,
                   "'spike' is " + describe(reader.find("spike")->value) +
                       ", which is not above its base; expected more than " +
                       format_rate(spike.base));
  }
  if (duration.count() > 0 && spike.at + spike.length > duration) {
    reader.problem(reader.find("at")->value.place,
                   "the spike ends at " + format_duration(spike.at + spike.length) +
                       ", after the phase; expected at most " + format_duration(duration));
  }
}

// From the base to the spike and back: two or three steps.
void read_spike(const MapReader& phase, const YamlNode& node, Nanoseconds duration, Rate& rate) {
  const MapReader reader(node, "'rate'", kSpikeKeys, phase.problems());
  Spike spike;
  for (const std::string_view key : {"base", "spike"}) reader.require(key, kSteadyRate.expected);
  for (const std::string_view key : {"at", "for"}) reader.require(key, kTime.expected);
  bool whole = reader.read("base", kSteadyRate, spike.base);
  whole = reader.read("spike", kSteadyRate, spike.height) && whole;
  whole = reader.read("at", kTimeOrZero, spike.at) && whole;
  whole = reader.read("for", kTime, spike.length) && whole;
  if (!whole) return;
  check_spike(reader, spike, duration);
  if (spike.at.count() > 0) rate.steps.push_back({.rate = spike.base});
  rate.steps.push_back({.at = spike.at, .rate = spike.height});
  const Nanoseconds end = spike.at + spike.length;
  if (end < duration) rate.steps.push_back({.at = end, .rate = spike.base});
}

}  // namespace

void read_rate(const MapReader& phase, Nanoseconds duration, Rate& rate) {
  const YamlEntry* entry = phase.require("rate", kRateExpected);
  if (entry == nullptr) return;
  switch (entry->value.kind) {
    case YamlNode::Kind::kList:
      return read_steps(phase, entry->value, duration, rate);
    case YamlNode::Kind::kMap:
      return read_spike(phase, entry->value, duration, rate);
    case YamlNode::Kind::kEmpty:
    case YamlNode::Kind::kScalar:
      break;
  }
  constexpr ValueKind<Rate> kAnyRate{parse_rate_plan, kRateExpected};
  phase.read("rate", kAnyRate, rate);
}

}  // namespace closewait
