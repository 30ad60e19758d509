#include "loadgen/scenario_phases.h"

#include <algorithm>
#include <array>

#include "base/units.h"
#include "faults/behaviour.h"
#include "loadgen/scenario_host.h"
#include "loadgen/scenario_rate.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_reader.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

constexpr std::array<std::string_view, 8> kPhaseKeys{"name", "for",      "rate",   "clients",
                                                     "host", "together", "settle", "quiet"};
// What belongs to a phase with clients.
constexpr std::array<std::string_view, 4> kStormKeys{"for", "rate", "host", "together"};
constexpr std::uint64_t kMostTogether = 256;
constexpr std::string_view kWeightKey = "weight";
constexpr std::string_view kAtMostKey = "at_most";
constexpr std::string_view kOptionalKey = "optional";
constexpr Nanoseconds kDefaultSettle = std::chrono::seconds(20);
constexpr Nanoseconds kDefaultQuiet = std::chrono::seconds(2);
constexpr std::size_t kMostPhases = 100;

bool is_rest(const YamlNode& phase) { return phase.find("clients") == nullptr; }

const Parameter* find_parameter(const Behaviour& behaviour, std::string_view name) {
  const auto found = std::find_if(behaviour.parameters.begin(), behaviour.parameters.end(),
                                  [&](const Parameter& each) { return each.name == name; });
  return found == behaviour.parameters.end() ? nullptr : &*found;
}

// A rate or a count of nothing would never end.
bool is_nothing(const Params& params, const Parameter& parameter) {
  const bool may_be_zero =
      parameter.kind == Parameter::Kind::kBytes || parameter.kind == Parameter::Kind::kDuration;
  return !may_be_zero && params.*std::get<std::uint64_t Params::*>(parameter.field) == 0;
}

void read_parameters(const MapReader& client, const YamlNode& value, ClientMix& mix) {
  for (const YamlEntry& entry : value.entries) {
    const Parameter* parameter = find_parameter(*mix.behaviour, entry.key);
    if (parameter == nullptr) continue;  // weight, at_most, or told as unknown
    const bool scalar = entry.value.kind == YamlNode::Kind::kScalar;
    if (!scalar || set_param(mix.params, *parameter, entry.value.text).failed() ||
        is_nothing(mix.params, *parameter)) {
      client.problem(entry.value.place,
                     mismatch(entry.key, entry.value, example_of(parameter->kind)));
    }
  }
}

// `slow-read: 5` or `slow-read: {weight: 5, at_most: 50, size: 8MiB}`.
ClientMix read_client(const MapReader& clients, const YamlEntry& entry,
                      const Behaviour& behaviour) {
  ClientMix mix{.behaviour = &behaviour, .params = default_params(behaviour)};
  if (entry.value.kind != YamlNode::Kind::kMap) {
    constexpr ValueKind<double> kWeightOrMap{
        parse_weight, "a weight above 0 such as 20, or a map with a weight in it"};
    clients.read_value(entry.key, entry.value, kWeightOrMap, mix.weight);
    return mix;
  }
  std::vector<std::string_view> known{kWeightKey, kAtMostKey, kOptionalKey};
  for (const Parameter& parameter : behaviour.parameters) known.push_back(parameter.name);
  const MapReader client(entry.value, in_quotes(entry.key), known, clients.problems());
  client.require(kWeightKey, kWeight.expected);
  client.read(kWeightKey, kWeight, mix.weight);
  client.read(kAtMostKey, kCount, mix.at_most);
  client.read(kOptionalKey, kSwitch, mix.optional);
  read_parameters(client, entry.value, mix);
  const Nanoseconds waits = waits_of(mix.params.steps);
  if (waits.count() > 0 && waits >= mix.params.timeout) {
    client.problem(entry.place, in_quotes(entry.key) + " waits for " + format_duration(waits) +
                                    ", so it never comes to its end within its timeout of " +
                                    format_duration(mix.params.timeout) +
                                    "; expected a longer timeout");
  }
  return mix;
}

std::vector<ClientMix> read_clients(const YamlEntry& entry, KnownBehaviours& known,
                                    Problems& problems) {
  // Files are read before it is said what there is.
  for (const YamlEntry& client : entry.value.entries) static_cast<void>(known.find(client.key));
  const MapReader clients(entry.value, "'clients'", known.names(), problems);
  std::vector<ClientMix> mix;
  for (const YamlEntry& client : entry.value.entries) {
    const Behaviour* behaviour = known.find(client.key);
    if (behaviour != nullptr) mix.push_back(read_client(clients, client, *behaviour));
  }
  if (clients.is_map() && entry.value.entries.empty()) {
    clients.problem(entry.value.place,
                    "'clients' is empty; expected behaviours with weights such as {polite: 1}");
  }
  return mix;
}

void read_rest(const MapReader& reader, Phase& phase) {
  for (const std::string_view key : kStormKeys) {
    if (const YamlEntry* entry = reader.find(key)) {
      reader.problem(entry->place, in_quotes(key) +
                                       " belongs to a phase with clients; expected "
                                       "clients, or a rest with settle and quiet");
    }
  }
  const bool told = reader.find("settle") != nullptr || reader.find("quiet") != nullptr ||
                    std::ranges::any_of(kStormKeys, [&](std::string_view key) {
                      return reader.find(key) != nullptr;
                    });
  if (!told && reader.is_map()) {
    reader.problem(reader.place(),
                   "a phase has neither clients nor settle; expected for, rate "
                   "and clients of a storm, or settle and quiet of a rest");
  }
  phase.settle = kDefaultSettle;
  reader.read("settle", kTime, phase.settle);
  phase.quiet = std::min(kDefaultQuiet, phase.settle);
  reader.read("quiet", kTime, phase.quiet);
  if (phase.quiet > phase.settle) {
    reader.problem(
        reader.find("quiet")->value.place,
        "'quiet' is longer than 'settle'; expected at most " + format_duration(phase.settle));
  }
}

Result<std::uint64_t> parse_together(std::string_view text) {
  const auto count = parse_count(text);
  if (!count || *count < 2 || *count > kMostTogether) return not_understood();
  return *count;
}

void read_together(const MapReader& reader, Phase& phase) {
  constexpr ValueKind<std::uint64_t> kTogether{parse_together, "how many at once, from 2 to 256"};
  if (!reader.read("together", kTogether, phase.together) || !phase.rate.unbounded) return;
  reader.problem(reader.find("together")->place,
                 "'together' needs a plan, and 'rate' is max; expected a rate such as 2000/s");
}

void read_storm(const MapReader& reader, KnownBehaviours& known, Phase& phase) {
  for (const std::string_view key : {"settle", "quiet"}) {
    if (const YamlEntry* entry = reader.find(key)) {
      reader.problem(entry->place,
                     in_quotes(key) + " belongs to a rest; expected a phase without clients");
    }
  }
  reader.require("for", kTime.expected);
  reader.read("for", kTime, phase.duration);
  read_rate(reader, phase.duration, phase.rate);
  read_together(reader, phase);
  phase.clients = read_clients(*reader.find("clients"), known, reader.problems());
  phase.host = read_host(reader, phase.duration);
}

void read_phase_name(const MapReader& reader, Phase& phase) {
  if (!reader.read("name", kName, phase.name)) return;
  if (phase.name.find_first_not_of("0123456789") == std::string::npos) {
    reader.problem(reader.find("name")->value.place,
                   "'name' is a number, which addresses a phase by its place; expected a word");
  }
}

Phase read_phase(const YamlNode& node, KnownBehaviours& known, Problems& problems) {
  const MapReader reader(node, "a phase", kPhaseKeys, problems);
  Phase phase;
  phase.kind = is_rest(node) ? PhaseKind::kRest : PhaseKind::kStorm;
  phase.name = is_rest(node) ? "rest" : "storm";
  read_phase_name(reader, phase);
  if (is_rest(node)) {
    read_rest(reader, phase);
  } else {
    read_storm(reader, known, phase);
  }
  return phase;
}

void refuse_repeated_name(const std::vector<Phase>& before, const Phase& phase,
                          const YamlNode& node, Problems& problems) {
  const bool repeated = std::any_of(before.begin(), before.end(),
                                    [&](const Phase& each) { return each.name == phase.name; });
  if (!repeated) return;
  const YamlEntry* name = node.find("name");
  problems.add(
      name != nullptr ? name->value.place : node.place,
      "a second phase is named " + in_quotes(phase.name) + "; expected a name of its own for each");
}

}  // namespace

std::string phase_name(const YamlNode& phase) {
  const YamlEntry* name = phase.find("name");
  if (name != nullptr) return name->value.text;
  return is_rest(phase) ? "rest" : "storm";
}

std::optional<Phase> read_warm_up(const YamlNode& root, KnownBehaviours& known,
                                  Problems& problems) {
  const YamlEntry* entry = root.find("warm_up");
  if (entry == nullptr) return {};
  constexpr std::array<std::string_view, 4> kKeys{"name", "for", "rate", "clients"};
  const MapReader reader(entry->value, "'warm_up'", kKeys, problems);
  Phase phase;
  phase.kind = PhaseKind::kWarmUp;
  phase.name = "warm_up";
  read_phase_name(reader, phase);
  if (reader.require("clients", "behaviours with weights such as {polite: 1}") != nullptr) {
    read_storm(reader, known, phase);
  }
  return phase;
}

std::vector<Phase> read_cycle(const YamlEntry& cycle, KnownBehaviours& known, Problems& problems) {
  std::vector<Phase> phases;
  if (cycle.value.kind != YamlNode::Kind::kList || cycle.value.items.empty()) {
    const bool empty = cycle.value.kind == YamlNode::Kind::kList;
    problems.add(cycle.value.place, "'cycle' is " + (empty ? "empty" : describe(cycle.value)) +
                                        "; expected a list of phases");
    return phases;
  }
  if (cycle.value.items.size() > kMostPhases) {
    problems.add(cycle.value.place, "'cycle' has " + std::to_string(cycle.value.items.size()) +
                                        " phases; expected at most 100");
    return phases;
  }
  for (const YamlNode& node : cycle.value.items) {
    Phase phase = read_phase(node, known, problems);
    refuse_repeated_name(phases, phase, node, problems);
    phases.push_back(std::move(phase));
  }
  const bool storm = std::any_of(cycle.value.items.begin(), cycle.value.items.end(),
                                 [](const YamlNode& node) { return !is_rest(node); });
  if (!storm) {
    problems.add(cycle.value.place, "'cycle' has no clients; expected a phase with clients");
  }
  return phases;
}

}  // namespace closewait
