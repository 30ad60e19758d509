#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "loadgen/scenario_keys_for_tests.h"

namespace closewait {
namespace {

// What a row of a table says of its key.
struct Row {
  std::string fallback;
  std::string meaning;
};
using Rows = std::map<std::string, Row>;

const std::string& page() {
  static const std::string text = [] {
    std::ifstream file(std::filesystem::path(CLOSEWAIT_SOURCE_DIR) / "docs/scenario.md");
    return std::string{std::istreambuf_iterator<char>(file), {}};
  }();
  return text;
}

// The rows `| key | type | default | meaning |` by the headings above them.
std::map<std::string, Rows> tables() {
  static const std::regex row("\\| `([a-z_]+)` \\| .+ \\| (.+) \\| (.+) \\|");
  std::map<std::string, Rows> tables;
  std::istringstream lines(page());
  std::string heading;
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) heading = line.substr(line.find(' ') + 1);
    if (!std::regex_match(line, match, row)) continue;
    const bool first = tables[heading].insert({match.str(1), {match.str(2), match.str(3)}}).second;
    EXPECT_TRUE(first) << match.str(1) << " is twice below " << heading;
  }
  return tables;
}

Names keys_of(const Rows& rows) {
  Names names;
  for (const auto& [key, row] : rows) names.insert(key);
  return names;
}

void expect_same(const Names& known, const Names& told, const std::string& heading) {
  for (const std::string& key : known) {
    EXPECT_TRUE(told.contains(key)) << "docs/scenario.md, " << heading << ": no row for " << key;
  }
  for (const std::string& key : told) {
    EXPECT_TRUE(known.contains(key)) << "docs/scenario.md, " << heading << ": the parser does not "
                                     << "know " << key;
  }
}

TEST(ScenarioDocumentation, HasEveryKeyOfEachMapAndNoOther) {
  auto told = tables();
  expect_same(known_to_parser("zzzzzzzz: 1"), keys_of(told["The scenario"]), "The scenario");
  for (const KeyMap& map : key_maps()) {
    const Names known = known_to_parser(in_map(map, "zzzzzzzz: 1"));
    EXPECT_FALSE(known.empty()) << map.around;
    expect_same(known, keys_of(told[map.heading]), map.heading);
  }
}

// A key whose value is a map has a row in key_maps(), or it holds no keys of the parser's.
TEST(ScenarioDocumentation, KnowsEveryMapThatTheParserKnows) {
  std::set<Names> documented;
  for (const auto& [heading, rows] : tables()) documented.insert(keys_of(rows));
  const Names kBytes{"hex"};
  const Names kBody{"hex", "size"};
  std::vector<KeyMap> maps = key_maps();
  maps.push_back({"The scenario", "@", ""});
  for (const KeyMap& map : maps) {
    for (const std::string& key : known_to_parser(in_map(map, "zzzzzzzz: 1"))) {
      for (const std::string value : {"{zzzzzzzz: 1}", "[{zzzzzzzz: 1}]"}) {
        if (key == "clients" || key == "expect" || key == "headers") continue;
        const bool rate = key == "rate" && map.heading == "A phase";
        const std::string beside = rate ? "clients: {polite: 1}, " : "";
        const Names inner = known_to_parser(in_map(map, beside + key + ": " + value));
        if (inner.empty() || inner == kBytes || inner == kBody) continue;
        EXPECT_TRUE(documented.contains(inner))
            << map.heading << ": " << key << " has the keys " << testing::PrintToString(inner)
            << ", of which docs/scenario.md has no table";
      }
    }
  }
}

TEST(ScenarioDocumentation, HasEachBehaviourWithItsParametersAndDefaults) {
  auto told = tables();
  const Names common = keys_of(told["clients"]);
  for (const Behaviour* row : catalogue()) {
    const Behaviour& behaviour = *row;
    const std::string name(behaviour.name);
    EXPECT_THAT(page(), testing::HasSubstr("### " + name + "\n\n" + std::string(behaviour.story)));
    Names known = common;
    for (const Parameter& parameter : behaviour.parameters) {
      const std::string key(parameter.name);
      known.insert(key);
      EXPECT_EQ(told[name][key].fallback, "`" + std::string(parameter.fallback) + "`") << name;
      EXPECT_EQ(told[name][key].meaning, std::string(parameter.meaning)) << name << " " << key;
    }
    EXPECT_EQ(told[name].size(), behaviour.parameters.size()) << name;
    EXPECT_EQ(known_to_parser("cycle: [{clients: {" + name + ": {zzzzzzzz: 1}}}]"), known) << name;
  }
}

TEST(ScenarioDocumentation, HasEachHostFaultWithItsStory) {
  for (std::size_t i = 0; i < kHostFaultNames.size(); ++i) {
    const HostFaultRow& row = row_of(static_cast<HostFaultKind>(i));
    EXPECT_EQ(static_cast<std::size_t>(row.kind), i);
    EXPECT_THAT(page(),
                testing::HasSubstr(fmt::format("### {}\n\n{}\n", name_of(row.kind), row.story)));
  }
}

// All that has a default which is not of a behaviour.
std::string defaults_of(const Scenario& scenario) {
  const LoadSpec& load = scenario.load;
  const TargetSpec& target = scenario.target;
  const Phase& rest = scenario.cycle.back();
  return fmt::format("{} {} {} {} {} {} | {} {} {} {}-{} | {} {} | {} {} {}",
                     static_cast<int>(load.arrivals), load.open_at_most, load.grace.count(),
                     load.workers, load.destroy_events, load.lag_at_most.count(),
                     static_cast<int>(target.dialect), target.request.method, target.allow_remote,
                     target.request.statuses.front().first, target.request.statuses.front().last,
                     rest.settle.count(), rest.quiet.count(), scenario.repeat,
                     static_cast<int>(scenario.on_finding), scenario.halve);
}

TEST(ScenarioDocumentation, StatesTheDefaultsThatAreUsed) {
  const std::string plain =
      "name: s\ntarget: {pid: 1}\n"
      "cycle: [{for: 1s, rate: 1/s, clients: {polite: 1}}, {settle: 20s}]\n";
  const std::string expected = defaults_of(parse_scenario(plain, "s.yaml", {}));
  const std::map<std::string, std::string> prefixes{{"The scenario", ""},
                                                    {"target", "target."},
                                                    {"load", "load."},
                                                    {"A phase", "cycle.rest."},
                                                    {"on_finding", "on_finding."}};
  auto told = tables();
  std::size_t checked = 0;
  for (const auto& [heading, prefix] : prefixes) {
    for (const auto& [key, row] : told[heading]) {
      if (!row.fallback.starts_with("`")) continue;
      const std::string value = row.fallback.substr(1, row.fallback.size() - 2);
      EXPECT_EQ(defaults_of(parse_scenario(plain, "s.yaml", {{prefix + key, value}})), expected)
          << key << " is not " << value << " when it is left out";
      ++checked;
    }
  }
  EXPECT_GE(checked, 14U);
}

// An example is whole, or what goes beside the smallest scenario.
TEST(ScenarioDocumentation, HasExamplesThatParse) {
  static const std::regex fence("```yaml\n([^`]*)```");
  const std::vector<std::pair<std::string, std::string>> rest{
      {"name:", "name: s\n"},
      {"target:", "target: {pid: 1}\n"},
      {"cycle:", "cycle: [{for: 1s, rate: 1/s, clients: {polite: 1}}]\n"}};
  std::size_t count = 0;
  for (auto it = std::sregex_iterator(page().begin(), page().end(), fence);
       it != std::sregex_iterator(); ++it, ++count) {
    std::string text = "\n" + it->str(1);
    for (const auto& [key, line] : rest) {
      if (text.find("\n" + key) == std::string::npos) text += line;
    }
    EXPECT_EQ(error_of(text), "") << text;
  }
  EXPECT_GE(count, 8U);
}

}  // namespace
}  // namespace closewait
