#include "rig/show_again.h"

#include <gmock/gmock.h>

#include "rig/timeline.h"

namespace closewait {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Scenario scenario_of(const std::string& cycle) {
  return parse_scenario(
      "name: s\nseed: 4\ntarget: {pid: 1}\nload: {arrivals: even}\n"
      "warm_up: {for: 1s, rate: 10/s, clients: {polite: 1}}\ncycle:\n" +
          cycle,
      "s.yaml", {});
}

const char* const kMixed =
    "  - {name: storm, for: 2s, rate: 100/s, clients: {polite: 80, slow-read: {weight: 5, "
    "size: 1MiB, at_most: 9}, rst-after-connect: 15}}\n"
    "  - {name: rest, settle: 1s}\n";

// Its parameters are part of what shows it.
TEST(ShowAgain, HasTheBehaviourAloneAsTheMixHasIt) {
  const Finding finding{.kind = FindingKind::kFdLeak, .behaviour = "slow-read"};
  EXPECT_THAT(
      settings_to_show(finding, scenario_of(kMixed)),
      ElementsAre(Pair("cycle.storm.clients", "{slow-read: {weight: 1, size: 1MiB, at_most: 9}}"),
                  Pair("repeat", "1")));
}

TEST(ShowAgain, HasPoliteOnesWhereItIsJudgedBesideThem) {
  const Finding lost{.kind = FindingKind::kLostResponse, .behaviour = "slow-read"};
  EXPECT_THAT(settings_to_show(lost, scenario_of(kMixed)),
              Contains(Pair("cycle.storm.clients",
                            "{polite: 1, slow-read: {weight: 1, size: 1MiB, at_most: 9}}")));
  const Finding harm{.kind = FindingKind::kBystanderHarm, .behaviour = "slow-read"};
  EXPECT_THAT(settings_to_show(harm, scenario_of(kMixed), "slow-read"),
              Contains(Pair("cycle.storm.clients",
                            "{polite: 80, slow-read: {weight: 5, size: 1MiB, at_most: 9}}")));
}

// The victim alone would show nothing.
TEST(ShowAgain, OfAVictimTakesWhoDidIt) {
  const Finding closed{.kind = FindingKind::kInnocentClosed, .behaviour = "polite-held"};
  EXPECT_THAT(settings_to_show(closed, scenario_of(kMixed)), IsEmpty());
  EXPECT_THAT(settings_to_show(closed, scenario_of(kMixed), "rst-after-connect"),
              Contains(Pair("cycle.storm.clients", "{polite: 80, rst-after-connect: 15}")));
  const Finding wrong{.kind = FindingKind::kWrongResponse, .behaviour = "polite"};
  EXPECT_THAT(settings_to_show(wrong, scenario_of(kMixed)), IsEmpty());
}

TEST(ShowAgain, TakesAsManyCyclesAsItIsJudgedBy) {
  EXPECT_EQ(cycles_to_show({.kind = FindingKind::kMemoryGrowth}), 6U);
  EXPECT_EQ(cycles_to_show({.kind = FindingKind::kThreadLeak, .confidence = "estimated"}), 3U);
  EXPECT_EQ(cycles_to_show({.kind = FindingKind::kFdLeak, .confidence = "exact"}), 1U);
}

TEST(ShowAgain, WithoutABehaviourItTakesAll) {
  EXPECT_THAT(settings_to_show({.kind = FindingKind::kStuck}, scenario_of(kMixed)), IsEmpty());
}

// The tenth second-cycle connection of an even plan: 10 of the warm-up, 200 of the first storm.
TEST(Timeline, IsFoundAnewFromThePlan) {
  const Scenario scenario = scenario_of(std::string(kMixed));
  Scenario twice = scenario;
  twice.repeat = 2;
  closewait::Run run;
  run.played = {{.phase = "storm", .cycle = 1, .began = 3},
                {.phase = "storm", .cycle = 2, .began = 9}};
  Census rest{.t = 12.5, .outstanding = {{.behaviour = "polite", .count = 1, .numbers = {220}}}};
  run.rests = {Census{.t = 2}, Census{.t = 8}, rest};
  rest.t = 14.5;
  run.rests.push_back(rest);
  const auto timeline = timeline_of(twice, run, 220);
  ASSERT_TRUE(timeline);
  EXPECT_THAT(*timeline, HasSubstr("connection 220: planned at 91"));
  EXPECT_THAT(*timeline, HasSubstr("into storm of cycle 2"));
  EXPECT_THAT(*timeline, HasSubstr("at 12500.000 ms, 14500.000 ms"));
  EXPECT_FALSE(timeline_of(twice, run, 9'000)) << "the plan has no such number";
  EXPECT_FALSE(timeline_of(twice, run, 221)) << "no rest saw it";
}

}  // namespace
}  // namespace closewait
