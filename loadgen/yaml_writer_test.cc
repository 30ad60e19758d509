#include "loadgen/yaml_writer.h"

#include <gmock/gmock.h>

#include "loadgen/scenario_text.h"

namespace closewait {
namespace {

using ::testing::HasSubstr;

YamlNode tree_of(const std::string& text) {
  Problems problems;
  YamlNode root = read_yaml(text, "s.yaml", true, problems);
  problems.throw_if_any();
  return root;
}

void expect_same(const YamlNode& one, const YamlNode& other) {
  EXPECT_EQ(one.kind, other.kind);
  EXPECT_EQ(one.written, other.written);
  ASSERT_EQ(one.items.size(), other.items.size());
  for (std::size_t i = 0; i < one.items.size(); ++i) expect_same(one.items[i], other.items[i]);
  ASSERT_EQ(one.entries.size(), other.entries.size());
  for (std::size_t i = 0; i < one.entries.size(); ++i) {
    EXPECT_EQ(one.entries[i].key, other.entries[i].key);
    expect_same(one.entries[i].value, other.entries[i].value);
  }
}

TEST(WriteYaml, ReadsBackAsTheSame) {
  for (const char* text :
       {"name: soak\nseed: 42\n",
        "target: {start: 'server --name ''a b'' #1', address: '[::1]:80'}\n",
        "expect: {a.b: '> 100', c: \"< 5x control\"}\naccept: []\n",
        "cycle:\n  - {name: storm, clients: {polite: 1, slow-read: {weight: 2}}}\n  - {settle: "
        "1s}\n",
        "protocol: {request: \"PING\\r\\n\\t\\\"x\\\\y\\\"\", hello: {until: '\n'}}\n",
        "a: ''\nb: '- x'\nc: ~\nd: {e: {f: [1, [2, 3]]}}\n",
        "text: |\n  two\n  lines\nutf8: 'Grüße'\n"}) {
    const YamlNode tree = tree_of(text);
    SCOPED_TRACE(write_yaml(tree));
    expect_same(tree, tree_of(write_yaml(tree)));
  }
}

constexpr const char* kScenario =
    "# A comment.\n"
    "name: s\n"
    "target: {pid: 1}\n"
    "cycle:\n"
    "  - {name: storm, for: 10s, rate: 100/s, clients: {polite: 1, idle: {weight: 2, hold: 9s}}}\n"
    "  - {name: rest, settle: 1s}\n";

TEST(TextWith, HasTheSettingsInIt) {
  const std::string text =
      text_with(kScenario, "s.yaml", {{"cycle.storm.for", "1s"}, {"seed", "7"}});
  const Scenario scenario = parse_scenario(text, "again.yaml", {});
  EXPECT_EQ(scenario.seed, 7U);
  EXPECT_EQ(scenario.cycle[0].duration, std::chrono::seconds(1));
  EXPECT_EQ(scenario.cycle[0].clients.size(), 2U);
}

TEST(TextWith, OfATargetThatRunsAlreadyStartsNone) {
  const std::string text = text_with("name: s\ntarget: {start: server, dialect: echo}\n", "s.yaml",
                                     {{"target.address", "127.0.0.1:7000"}}, true);
  EXPECT_EQ(text, "name: s\ntarget: {dialect: echo, address: '127.0.0.1:7000'}\n");
}

// Who reads the file need not learn what the variable held.
TEST(TextWith, LeavesVariablesAsTheyAre) {
  ::setenv("CLOSEWAIT_TEST_SECRET", "hunter2", 1);
  const std::string text =
      text_with("name: s\ntarget: {pid: 1, headers: {Authorization: '${CLOSEWAIT_TEST_SECRET}'}}\n",
                "s.yaml", {});
  EXPECT_THAT(text, HasSubstr("${CLOSEWAIT_TEST_SECRET}"));
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
}

TEST(ClientsYaml, KeepsWeightsAndParametersThatAreNotTheDefault) {
  const Scenario scenario = parse_scenario(kScenario, "s.yaml", {});
  EXPECT_EQ(clients_yaml(scenario.cycle[0].clients), "{polite: 1, idle: {weight: 2, hold: 9s}}");
}

TEST(ClientsYaml, ReadsBackAsTheSame) {
  const Scenario scenario = parse_scenario(
      kScenario, "s.yaml",
      {{"cycle.storm.clients",
        "{slow-read: {weight: 0.25, rate: 512KiB/s, size: 1MiB, every: 20ms, at_most: 7},"
        " pipeline-flood: {weight: 3, requests: 17}, rst-mid-request: {weight: 1, bytes: 3B}}"}});
  const std::string written = clients_yaml(scenario.cycle[0].clients);
  const Scenario again = parse_scenario(kScenario, "s.yaml", {{"cycle.storm.clients", written}});
  EXPECT_EQ(clients_yaml(again.cycle[0].clients), written);
  const ClientMix& slow = again.cycle[0].clients[0];
  EXPECT_EQ(slow.params.rate, 512U * 1024);
  EXPECT_EQ(slow.params.size, 1024U * 1024);
  EXPECT_EQ(slow.params.every, std::chrono::milliseconds(20));
  EXPECT_EQ(slow.at_most, 7U);
  EXPECT_EQ(slow.weight, 0.25);
}

}  // namespace
}  // namespace closewait
