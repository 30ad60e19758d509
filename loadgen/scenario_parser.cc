#include "loadgen/scenario_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "faults/behaviour.h"
#include "loadgen/known_behaviours.h"
#include "loadgen/scenario_fit.h"
#include "loadgen/scenario_http.h"
#include "loadgen/scenario_phases.h"
#include "loadgen/scenario_protocol.h"
#include "loadgen/scenario_tls.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_reader.h"
#include "loadgen/yaml_text.h"
#include "record/finding.h"

namespace closewait {
namespace {

constexpr std::array<std::string_view, 11> kScenarioKeys{
    "name",  "seed",   "target", "load",   "behaviours", "warm_up",
    "cycle", "repeat", "expect", "accept", "on_finding"};
constexpr std::array<std::string_view, 13> kTargetKeys{
    "start",   "address", "pid",    "dialect",  "tls",      "method",      "path",
    "headers", "body",    "status", "protocol", "promises", "allow_remote"};
constexpr std::array<std::string_view, 3> kPromiseKeys{"half_close", "idle_timeout",
                                                       "max_requests"};
constexpr std::array<std::string_view, 7> kLoadKeys{
    "arrivals", "sources", "open_at_most", "grace", "workers", "destroy_events", "lag_at_most"};
constexpr std::array<std::string_view, 4> kAcceptKeys{"finding", "behaviour", "because", "until"};
constexpr std::array<std::string_view, 3> kOnFindingKeys{"then", "run", "halve"};

constexpr Words<Dialect, 3> kDialects{
    {{"echo", Dialect::kEcho}, {"http", Dialect::kHttp}, {"raw", Dialect::kRaw}}};
constexpr Words<bool, 2> kHalfCloses{{{"answers", true}, {"closes", false}}};
constexpr Words<bool, 2> kTrueFalse{{{"true", true}, {"false", false}}};
constexpr Words<bool, 4> kOnOff{{{"on", true}, {"off", false}, {"true", true}, {"false", false}}};
constexpr Words<Arrivals, 2> kArrivals{
    {{"poisson", Arrivals::kPoisson}, {"even", Arrivals::kEven}}};
constexpr Words<OnFinding, 3> kReactions{{{"continue", OnFinding::kContinue},
                                          {"stop", OnFinding::kStop},
                                          {"restart", OnFinding::kRestart}}};

void read_promises(const YamlNode& node, Problems& problems, Promises& promises) {
  const MapReader reader(node, "'promises'", kPromiseKeys, problems);
  reader.read("half_close", kHalfCloses, promises.half_close_answers);
  reader.read("idle_timeout", kTime, promises.idle_timeout);
  const YamlEntry* most = reader.find("max_requests");
  if (most == nullptr) return;
  if (most->value.text == "none") {
    promises.max_requests = kNoLimit;
    return;
  }
  constexpr ValueKind<std::uint64_t> kCountOrNone{parse_count,
                                                  "a whole number from 1 to 1000000, or none"};
  reader.read("max_requests", kCountOrNone, promises.max_requests);
}

// A command line, or a list of its words.
void read_words(const MapReader& reader, std::string_view key, std::vector<std::string>& words) {
  const YamlEntry* command = reader.find(key);
  if (command == nullptr) return;
  if (command->value.kind != YamlNode::Kind::kList) {
    reader.read(key, kCommand, words);
    return;
  }
  for (const YamlNode& word : command->value.items) {
    if (word.kind == YamlNode::Kind::kScalar) {
      words.push_back(word.text);
    } else {
      reader.problem(word.place,
                     fmt::format("'{}' has {} in it; expected words", key, describe(word)));
    }
  }
  if (command->value.items.empty() || command->value.items.front().text.empty()) {
    reader.problem(command->value.place,
                   fmt::format("'{}' names no program; expected {}", key, kCommand.expected));
  }
}

// The dialect raw and its protocol belong together.
void read_raw_protocol(const MapReader& reader, TargetSpec& target) {
  const YamlEntry* protocol = reader.find("protocol");
  const bool raw = target.dialect == Dialect::kRaw;
  if (protocol != nullptr) read_protocol(protocol->value, reader.problems(), target);
  if (raw && protocol == nullptr) {
    reader.problem(reader.find("dialect")->value.place,
                   "'dialect' is raw and 'target' has no 'protocol'; expected a map with request "
                   "and response");
  }
  if (!raw && protocol != nullptr) {
    reader.problem(protocol->place,
                   "'protocol' is of the dialect raw; expected dialect: raw beside it");
  }
}

// A path says nothing in another dialect, and is no harm there: `--set` may add it to any.
void refuse_http_keys(const MapReader& reader, Dialect dialect) {
  if (dialect == Dialect::kHttp) return;
  for (const std::string_view key : kHttpKeys) {
    const YamlEntry* entry = key == "path" ? nullptr : reader.find(key);
    if (entry == nullptr) continue;
    reader.problem(entry->place,
                   in_quotes(key) + " is of the dialect http; expected dialect: http beside it");
  }
}

// One, or a list of them.
void read_addresses(const MapReader& reader, TargetSpec& target) {
  const YamlEntry* entry = reader.find("address");
  if (entry == nullptr) return;
  for (const YamlNode& item : reader.items(*entry, kTargetAddress.expected, true)) {
    SocketAddress address;
    if (!reader.read_value("address", item, kTargetAddress, address)) continue;
    auto& all = target.addresses;
    if (std::ranges::count(all, address) > 0) {
      reader.problem(item.place,
                     "'address' has " + address.to_string() + " twice; expected each address once");
    } else if (!all.empty() && (all.front().family() != address.family() || address.is_unix())) {
      reader.problem(item.place, "'address' has " + all.front().to_string() + " and " +
                                     address.to_string() +
                                     "; expected only IPv4, only IPv6, or one Unix socket");
    } else if (all.size() == kMostTargetAddresses) {
      reader.problem(item.place, "'address' has more than 64 addresses; expected at most 64");
      return;
    } else {
      all.push_back(address);
    }
  }
}

void read_target(const YamlNode& node, Problems& problems, TargetSpec& target) {
  const MapReader reader(node, "'target'", kTargetKeys, problems);
  read_words(reader, "start", target.start);
  read_addresses(reader, target);
  reader.read("pid", kPid, target.pid);
  reader.read("dialect", kDialects, target.dialect);
  reader.read("allow_remote", kTrueFalse, target.allow_remote);
  target.tls = read_tls(reader);
  target.request = read_http_request(reader);
  refuse_http_keys(reader, target.dialect);
  read_raw_protocol(reader, target);
  if (const YamlEntry* promises = reader.find("promises")) {
    read_promises(promises->value, problems, target.promises);
  }
  const YamlEntry* start = reader.find("start");
  const YamlEntry* pid = reader.find("pid");
  if (start != nullptr && pid != nullptr) {
    reader.problem(pid->place,
                   "'pid' is of a program that runs already, and 'start' starts one; "
                   "expected one of them");
  }
  if (reader.is_map() && start == nullptr && pid == nullptr && reader.find("address") == nullptr) {
    reader.problem(node.place, "'target' has no start, address or pid; expected one of them");
  }
}

void read_sources(const MapReader& reader, LoadSpec& load) {
  const YamlEntry* entry = reader.find("sources");
  if (entry == nullptr) return;
  for (const YamlNode& item : reader.items(*entry, kSources.expected, true)) {
    std::vector<SocketAddress> some;
    if (!reader.read_value("sources", item, kSources, some)) continue;
    for (const SocketAddress& source : some) {
      if (std::find(load.sources.begin(), load.sources.end(), source) != load.sources.end()) {
        reader.problem(item.place,
                       "'sources' has " + source.ip() + " twice; expected each address once");
        break;
      }
      load.sources.push_back(source);
    }
    if (load.sources.size() > kMostSources) {
      reader.problem(item.place, "'sources' has more than 256 addresses; expected at most 256");
      return;
    }
  }
}

void read_load(const YamlNode& node, Problems& problems, LoadSpec& load) {
  const MapReader reader(node, "'load'", kLoadKeys, problems);
  reader.read("arrivals", kArrivals, load.arrivals);
  read_sources(reader, load);
  reader.read("open_at_most", kCount, load.open_at_most);
  reader.read("grace", kTimeOrZero, load.grace);
  reader.read("workers", kWorkers, load.workers);
  reader.read("destroy_events", kOnOff, load.destroy_events);
  reader.read("lag_at_most", kTime, load.lag_at_most);
}

// Cycles, or a length that holds at least one cycle.
void read_repeat(const MapReader& reader, Scenario& scenario) {
  const YamlEntry* entry = reader.find("repeat");
  if (entry == nullptr) return;
  const YamlNode& value = entry->value;
  const Result<Nanoseconds> length = parse_time(value.text);
  if (value.kind == YamlNode::Kind::kScalar && length) {
    scenario.repeat_length = *length;
    return;
  }
  constexpr ValueKind<std::uint64_t> kCycles{parse_count,
                                             "cycles, from 1 to 1000000, or a length such as 8h"};
  reader.read("repeat", kCycles, scenario.repeat);
}

void read_expectations(const YamlEntry& entry, Problems& problems,
                       std::vector<Expectation>& expectations) {
  if (entry.value.kind != YamlNode::Kind::kMap) {
    problems.add(entry.value.place,
                 mismatch("expect", entry.value, "a map of paths to bounds, or {}"));
    return;
  }
  for (const YamlEntry& each : entry.value.entries) {
    if (each.value.kind == YamlNode::Kind::kScalar) {
      if (auto expectation = parse_expectation(each.key, each.value.text)) {
        expectations.push_back(std::move(*expectation));
        continue;
      }
    }
    problems.add(each.value.place, mismatch(each.key, each.value, kBoundExample));
  }
}

AcceptedFinding read_accepted(const YamlNode& node, KnownBehaviours& known, Problems& problems) {
  const MapReader reader(node, "an accepted finding", kAcceptKeys, problems);
  AcceptedFinding accepted;
  Words<std::string_view, kFindingKindNames.size()> kinds;
  std::transform(kFindingKindNames.begin(), kFindingKindNames.end(), kinds.begin(),
                 [](std::string_view name) { return std::pair(name, name); });
  reader.require("finding", one_of(kFindingKindNames));
  reader.read("finding", kinds, accepted.finding);
  reader.require("because", "the reason why it is accepted");
  reader.read("because", kSentence, accepted.because);
  reader.read("until", kDate, accepted.until);
  const YamlEntry* behaviour = reader.find("behaviour");
  if (behaviour == nullptr) return accepted;
  accepted.behaviour = behaviour->value.text;
  if (known.find(accepted.behaviour) == nullptr) {
    reader.problem(behaviour->value.place, "'behaviour' is " + describe(behaviour->value) +
                                               suggestion(accepted.behaviour, known.names()));
  }
  return accepted;
}

}  // namespace

Scenario read_scenario(const YamlNode& root, Problems& problems) {
  Scenario scenario;
  const MapReader reader(root, "the scenario", kScenarioKeys, problems);
  if (!reader.is_map()) return scenario;
  reader.require("name", kName.expected);
  reader.read("name", kName, scenario.name);
  scenario.seed_given = reader.read("seed", kSeed, scenario.seed);
  if (const YamlEntry* target = reader.require("target", "a map with start, address or pid")) {
    read_target(target->value, problems, scenario.target);
  }
  if (const YamlEntry* load = reader.find("load")) {
    read_load(load->value, problems, scenario.load);
  }
  KnownBehaviours known(std::filesystem::path(root.place.source).parent_path().string(), problems);
  if (const YamlEntry* behaviours = reader.find("behaviours")) known.read(behaviours->value);
  scenario.warm_up = read_warm_up(root, known, problems);
  if (const YamlEntry* cycle = reader.require("cycle", "a list of phases")) {
    scenario.cycle = read_cycle(*cycle, known, problems);
  }
  refuse_what_does_not_fit(root, scenario, problems);
  read_repeat(reader, scenario);
  if (const YamlEntry* expect = reader.find("expect")) {
    read_expectations(*expect, problems, scenario.expect);
  }
  if (const YamlEntry* accept = reader.find("accept")) {
    for (const YamlNode& item : reader.items(*accept, "a list of known findings, or []")) {
      scenario.accept.push_back(read_accepted(item, known, problems));
    }
  }
  if (const YamlEntry* then = reader.find("on_finding")) {
    const MapReader reaction(then->value, "'on_finding'", kOnFindingKeys, problems);
    reaction.read("then", kReactions, scenario.on_finding);
    read_words(reaction, "run", scenario.run_on_finding);
    if (scenario.on_finding == OnFinding::kRestart && scenario.target.start.empty()) {
      problems.add(
          reaction.find("then")->value.place,
          "'then' is 'restart', and the target is not started here; expected target.start, "
          "or continue or stop");
    }
    reaction.read("halve", kSwitch, scenario.halve);
  }
  scenario.composed = known.composed();
  return scenario;
}

}  // namespace closewait
