#include "loadgen/scenario_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loadgen/scenario_keys_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// A scenario whose storm, of 6 s, has this `host`.
std::string with_host(const std::string& host, const std::string& target = "{pid: 1}") {
  return "name: s\ntarget: " + target +
         "\ncycle:\n- for: 6s\n  rate: 5/s\n  clients: {polite: 1}\n  host: " + host + "\n";
}

std::vector<HostFaultPlan> plans_of(const std::string& host) {
  return parse_scenario(with_host(host), "s.yaml", {}).cycle.front().host;
}

HostFaultPlan freeze(Nanoseconds at, Nanoseconds length) { return {.at = at, .length = length}; }

TEST(ScenarioHost, HasAShortWayAndAMapForEachFault) {
  EXPECT_THAT(plans_of("[{freeze: 500ms}]"), ElementsAre(freeze(seconds(2), milliseconds(500))));
  EXPECT_EQ(plans_of("[{freeze: {for: 500ms, at: 2s}}]"), plans_of("[{freeze: 500ms}]"));
  EXPECT_THAT(plans_of("[{few_descriptors: 1s}]"),
              ElementsAre(HostFaultPlan{
                  .kind = HostFaultKind::kFewDescriptors, .at = seconds(2), .length = seconds(1)}));
  EXPECT_THAT(plans_of("[{few_descriptors: {for: 1s, spare: 5, at: 0s}}]"),
              ElementsAre(HostFaultPlan{
                  .kind = HostFaultKind::kFewDescriptors, .length = seconds(1), .spare = 5}));
  EXPECT_EQ(plans_of("[{few_descriptors: {for: 1s, spare: 0}}]"),
            plans_of("[{few_descriptors: 1s}]"));
  EXPECT_THAT(plans_of("[{kill_sockets: 20}]"),
              ElementsAre(HostFaultPlan{
                  .kind = HostFaultKind::kKillSockets, .at = seconds(2), .sockets = 20}));
  EXPECT_THAT(plans_of("[{kill_sockets: all}]"),
              ElementsAre(HostFaultPlan{.kind = HostFaultKind::kKillSockets, .at = seconds(2)}));
  EXPECT_EQ(plans_of("[{kill_sockets: {count: 20, at: 2s}}]"), plans_of("[{kill_sockets: 20}]"));
  EXPECT_EQ(plans_of("[{kill_sockets: {at: 2s}}]"), plans_of("[{kill_sockets: all}]"));
}

TEST(ScenarioHost, BeginsAtAThirdOfThePhaseOrSoThatItIsOverByItsEnd) {
  EXPECT_THAT(plans_of("[{freeze: 4s}]"), ElementsAre(freeze(seconds(2), seconds(4))));
  EXPECT_THAT(plans_of("[{freeze: 5s}]"), ElementsAre(freeze(seconds(1), seconds(5))));
  EXPECT_THAT(plans_of("[{freeze: 6s}]"), ElementsAre(freeze(seconds(0), seconds(6))));
}

TEST(ScenarioHost, ComesInTheOrderOfItsInstants) {
  EXPECT_THAT(plans_of("[{freeze: {for: 1s, at: 4s}}, {freeze: {for: 1s, at: 0s}}]"),
              ElementsAre(freeze(seconds(0), seconds(1)), freeze(seconds(4), seconds(1))));
  EXPECT_EQ(plans_of("[{freeze: {for: 2s, at: 1s}}, {few_descriptors: {for: 2s, at: 2s}}]").size(),
            2U)
      << "faults of two kinds may overlap";
  EXPECT_EQ(plans_of("[{freeze: {for: 2s, at: 1s}}, {freeze: {for: 2s, at: 3s}}]").size(), 2U);
  EXPECT_EQ(plans_of("[{kill_sockets: {at: 1s}}, {kill_sockets: {at: 1s}}]").size(), 2U);
}

// The storm is on line 4, its host on line 7.
TEST(ScenarioHost, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{freeze: 1s}", "7:9: 'host' is a map; expected a list of faults such as [{freeze: 500ms}]"},
      {"[]", "7:9: 'host' has 0 faults; expected 1 to 100 such as {freeze: 500ms}"},
      {"[freeze]",
       "7:10: a fault of 'host' is 'freeze'; expected a map of freeze, few_descriptors or "
       "kill_sockets"},
      {"[{}]",
       "7:10: a fault of 'host' has 0 keys; expected one, each fault in an item of its own"},
      {"[{freeze: 1s, kill_sockets: 3}]",
       "7:10: a fault of 'host' has 2 keys; expected one, each fault in an item of its own"},
      {"[{freez: 1s}]", "7:11: unknown key 'freez' in a fault of 'host'; did you mean 'freeze'?"},
      {"[{freeze: fast}]",
       "7:19: 'freeze' is 'fast'; expected a duration such as 250ms, at most 365d"},
      {"[{freeze: 0s}]", "7:19: 'freeze' is '0s'; expected a duration such as 250ms, at most 365d"},
      {"[{freeze: [1s]}]", "7:19: 'freeze' is a list; expected a map of for or at"},
      {"[{freeze: {at: 1s}}]",
       "7:19: 'freeze' has no 'for'; expected a duration such as 250ms, at most 365d"},
      {"[{freeze: {for: 1s, spare: 3}}]",
       "7:29: unknown key 'spare' in 'freeze'; expected for or at"},
      {"[{freeze: {for: 1s, at: soon}}]",
       "7:33: 'at' is 'soon'; expected a duration such as 250ms, at most 365d"},
      {"[{few_descriptors: {for: 1s, spare: some}}]",
       "7:45: 'spare' is 'some'; expected a whole number from 0 to 1000000"},
      {"[{kill_sockets: 0}]",
       "7:25: 'kill_sockets' is '0'; expected a whole number from 1 to 1000000, or all"},
      {"[{kill_sockets: {count: -1}}]",
       "7:33: 'count' is '-1'; expected a whole number from 1 to 1000000, or all"},
      {"[{kill_sockets: {for: 1s}}]",
       "7:26: unknown key 'for' in 'kill_sockets'; expected count or at"},
  };
  for (const auto& [host, error] : cases) {
    EXPECT_EQ(error_of(with_host(host)), "s.yaml:" + error) << host;
  }
}

TEST(ScenarioHost, IsOverByTheEndOfItsPhase) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[{freeze: 7s}]", "7:11: 'freeze' is over at 7s of the phase; expected at most 6s"},
      {"[{freeze: {for: 2s, at: 5s}}]",
       "7:33: 'freeze' is over at 7s of the phase; expected at most 6s"},
      {"[{kill_sockets: {at: 6s}}]",
       "7:30: 'kill_sockets' is at 6s of the phase; expected less than 6s"},
  };
  for (const auto& [host, error] : cases) {
    EXPECT_EQ(error_of(with_host(host)), "s.yaml:" + error) << host;
  }
}

// To undo the first would be to undo a part of the second.
TEST(ScenarioHost, IsNotDoneTwiceAtOnce) {
  EXPECT_EQ(error_of(with_host("[{freeze: {for: 2s, at: 1s}}, {freeze: {for: 1s, at: 2500ms}}]")),
            "s.yaml:7:40: 'freeze' begins at 2500ms, before the one before it is over; expected at "
            "least 3s");
}

TEST(ScenarioHost, BelongsToAStorm) {
  EXPECT_EQ(error_of("name: s\ntarget: {pid: 1}\ncycle: [{for: 1s, rate: 1/s, clients: {polite: "
                     "1}}, {settle: 1s, host: [{freeze: 1s}]}]\n"),
            "s.yaml:3:66: 'host' belongs to a phase with clients; expected clients, or a rest with "
            "settle and quiet");
  EXPECT_EQ(error_of("name: s\ntarget: {pid: 1}\nwarm_up: {for: 1s, rate: 1/s, clients: {polite: "
                     "1}, host: [{freeze: 1s}]}\ncycle: [{for: 1s, rate: 1/s, clients: {polite: "
                     "1}}]\n"),
            "s.yaml:3:53: unknown key 'host' in 'warm_up'; expected name, for, rate or clients");
}

TEST(ScenarioHost, KillsNoSocketsOfAUnixSocket) {
  const std::string target = "{address: 'unix:/tmp/s', dialect: echo}";
  EXPECT_EQ(error_of(with_host("[{freeze: 1s}, {kill_sockets: 1}]", target)),
            "s.yaml:7:25: 'kill_sockets' is of TCP, and the target is a Unix socket; expected "
            "freeze or few_descriptors");
  EXPECT_EQ(error_of(with_host("[{freeze: 1s}, {few_descriptors: 1s}]", target)), "");
}

TEST(ScenarioHost, IsNoControl) {
  const std::string with = with_host("[{freeze: 1s}]");
  EXPECT_FALSE(parse_scenario(with, "s.yaml", {}).cycle.front().is_control());
  const std::string without = with.substr(0, with.find("  host"));
  EXPECT_TRUE(parse_scenario(without, "s.yaml", {}).cycle.front().is_control());
}

TEST(ScenarioHost, MayBeSet) {
  const Scenario scenario = parse_scenario(with_host("[{freeze: 1s}]"), "s.yaml",
                                           {{"cycle.storm.host.0.freeze", "{for: 2s, at: 3s}"}});
  EXPECT_THAT(scenario.cycle.front().host, ElementsAre(freeze(seconds(3), seconds(2))));
}

}  // namespace
}  // namespace closewait
