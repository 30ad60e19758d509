#include "verdict/count_steps.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "verdict/rests_for_tests.h"

namespace closewait {
namespace {

using ::testing::Contains;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::outstanding;
using testing::rest_with;
using ::testing::SizeIs;
using Rests = std::vector<Census>;

// Two storms with different shares of each behaviour, so that each can be told from the others.
Rests two_storms(std::uint64_t first, std::uint64_t second, std::uint64_t third) {
  Rests rests{rest_with(first, {{"polite", 50}}),
              rest_with(second, {{"polite", 450}, {"reset", 100}, {"cut", 70}}),
              rest_with(third, {{"polite", 900}, {"reset", 250}, {"cut", 110}})};
  for (Census& rest : rests) rest.feed_available = false;
  return rests;
}

std::vector<std::string> behaviours(const CountSteps& steps) {
  std::vector<std::string> names;
  for (const Finding& each : steps.findings) names.push_back(each.behaviour);
  return names;
}

TEST(LeakByCount, NoGrowthIsNothing) {
  EXPECT_THAT(leaks_by_count({}).findings, IsEmpty());
  EXPECT_THAT(leaks_by_count({rest_with(10)}).findings, IsEmpty());
  for (const Rests& rests : {two_storms(10, 10, 10), two_storms(10, 9, 8), two_storms(10, 5, 9)}) {
    EXPECT_THAT(leaks_by_count(rests).findings, IsEmpty());
    EXPECT_EQ(leaks_by_count(rests).not_judged, "");
  }
}

TEST(LeakByCount, APlateauIsNothing) {
  const CountSteps steps = leaks_by_count(two_storms(10, 110, 110));
  EXPECT_THAT(steps.findings, IsEmpty());
  EXPECT_EQ(steps.not_judged, "");
}

TEST(LeakByCount, GrowthInOneStepIsNotJudged) {
  for (const Rests& rests :
       {Rests{rest_with(10), rest_with(110, {{"reset", 100}})}, two_storms(10, 10, 160)}) {
    const CountSteps steps = leaks_by_count(rests);
    EXPECT_THAT(steps.findings, IsEmpty());
    EXPECT_THAT(steps.not_judged, HasSubstr("more descriptors after one storm"));
  }
}

TEST(LeakByCount, OneBehaviourIsNamedExactly) {
  const CountSteps steps = leaks_by_count(two_storms(10, 110, 260));
  ASSERT_THAT(steps.findings, SizeIs(1));
  EXPECT_EQ(steps.findings[0].kind, FindingKind::kFdLeak);
  EXPECT_EQ(steps.findings[0].behaviour, "reset");
  EXPECT_THAT(steps.findings[0].per_connection, DoubleEq(1));
  EXPECT_EQ(steps.findings[0].connections, 0U) << "descriptors were counted";
  EXPECT_EQ(steps.findings[0].confidence, "estimated");
  EXPECT_THAT(steps.findings[0].evidence, Contains(HasSubstr("10, 110, 260")));
  EXPECT_EQ(steps.not_judged, "");
}

TEST(LeakByCount, TwoBehavioursTogetherAreNamedBoth) {
  const CountSteps steps = leaks_by_count(two_storms(10, 180, 370));
  EXPECT_THAT(behaviours(steps), ElementsAre("cut", "reset"));
  for (const Finding& each : steps.findings) EXPECT_THAT(each.per_connection, DoubleEq(1));
}

TEST(LeakByCount, AFewDescriptorsOfNoiseDoNotHideTheName) {
  EXPECT_THAT(behaviours(leaks_by_count(two_storms(10, 111, 261))), ElementsAre("reset"));
}

TEST(LeakByCount, AnExactNameBeatsAShorterOneThatNearlyFits) {
  // Three for each `cut` would do but for two descriptors in each step.
  const Rests rests{rest_with(8), rest_with(202, {{"cut", 64}, {"reset", 130}, {"polite", 300}}),
                    rest_with(375, {{"cut", 121}, {"reset", 246}, {"polite", 610}})};
  const CountSteps steps = leaks_by_count(rests);
  EXPECT_THAT(behaviours(steps), ElementsAre("cut", "reset"));
  for (const Finding& each : steps.findings) EXPECT_THAT(each.per_connection, DoubleEq(1));
}

TEST(LeakByCount, WhatTwoBehavioursExplainAsWellNamesNeither) {
  const Rests rests{rest_with(10), rest_with(110, {{"a", 100}, {"b", 100}}),
                    rest_with(310, {{"a", 300}, {"b", 300}}),
                    rest_with(410, {{"a", 400}, {"b", 400}})};
  ASSERT_THAT(behaviours(leaks_by_count(rests)), ElementsAre(""));
  EXPECT_THAT(leaks_by_count(rests).findings[0].per_connection, DoubleEq(0.5));
}

TEST(LeakByCount, OtherKindsOfDescriptorsAreSaid) {
  Rests rests = two_storms(10, 210, 510);  // both ends of a pipe
  for (Census& rest : rests) rest.fds_by_kind = {{"socket", 9}, {"pipe", rest.sample.fds - 9}};
  const CountSteps steps = leaks_by_count(rests);
  ASSERT_THAT(behaviours(steps), ElementsAre("reset"));
  EXPECT_THAT(steps.findings[0].per_connection, DoubleEq(2));
  EXPECT_THAT(steps.findings[0].evidence, Contains("pipe: 500 more than at first"));
  EXPECT_THAT(steps.findings[0].evidence, ::testing::Not(Contains(HasSubstr("socket:"))));
}

TEST(LeakByCount, OneInManyHasNoNameButASize) {
  // One for each hundred connections of any kind: no behaviour leaves a whole number.
  const Rests rests{rest_with(10), rest_with(20, {{"a", 500}, {"b", 500}}),
                    rest_with(30, {{"a", 1000}, {"b", 1000}}),
                    rest_with(40, {{"a", 1500}, {"b", 1500}})};
  const CountSteps steps = leaks_by_count(rests);
  ASSERT_THAT(steps.findings, SizeIs(1));
  EXPECT_EQ(steps.findings[0].behaviour, "");
  EXPECT_THAT(steps.findings[0].per_connection, DoubleEq(0.01));
}

TEST(LeakByCount, GrowthOutOfProportionIsNotJudged) {
  const Rests rests{rest_with(10), rest_with(110, {{"reset", 300}}),
                    rest_with(115, {{"reset", 600}})};
  const CountSteps steps = leaks_by_count(rests);
  EXPECT_THAT(steps.findings, IsEmpty());
  EXPECT_THAT(steps.not_judged, HasSubstr("not in proportion"));
}

// A proxy under load, whose pool of connections to its servers still fills, evenly or not.
TEST(LeakByCount, TwoStepsThatNothingExplainsAreNotJudgedYet) {
  for (const std::uint64_t first : {32, 29}) {
    Rests rests{rest_with(15), rest_with(first, {{"a", 200}, {"b", 200}}),
                rest_with(43, {{"a", 400}, {"b", 400}})};
    EXPECT_THAT(leaks_by_count(rests).findings, IsEmpty());
    EXPECT_THAT(leaks_by_count(rests).not_judged, HasSubstr("28 more descriptors than at first"));
    rests.push_back(rest_with(57, {{"a", 600}, {"b", 600}}));
    EXPECT_THAT(leaks_by_count(rests).findings, SizeIs(1));  // it goes on
  }
}

// One more after each storm is no proportion, and no name: two clients of `rare` came by chance.
TEST(LeakByCount, ADescriptorAStormIsNotJudged) {
  Rests rests{rest_with(14)};
  for (const std::uint64_t storms : {1, 2, 3}) {
    rests.push_back(rest_with(14 + storms, {{"a", 400 * storms}, {"rare", storms}}));
  }
  EXPECT_THAT(leaks_by_count(rests).findings, IsEmpty());
  EXPECT_THAT(leaks_by_count(rests).not_judged, HasSubstr("a longer run (repeat) tells"));
}

// As in a soak of the whole catalogue.
TEST(LeakByCount, OneOfManyBehavioursIsNamed) {
  std::map<std::string, std::uint64_t> first;
  std::map<std::string, std::uint64_t> second;
  for (std::uint64_t i = 0; i < 30; ++i) {
    first[fmt::format("b{}", i)] = 40 + 7 * i;
    second[fmt::format("b{}", i)] = 80 + 15 * i;
  }
  const Rests rests{rest_with(10), rest_with(10 + first["b17"], first),
                    rest_with(10 + second["b17"], second)};
  EXPECT_THAT(behaviours(leaks_by_count(rests)), ElementsAre("b17"));
}

TEST(LeakByCount, WhatIdentityExplainsIsTakenOff) {
  Rests rests = two_storms(10, 110, 260);
  rests[1].outstanding = {outstanding({"reset", 100, 0})};
  rests[2].outstanding = {outstanding({"reset", 250, 100})};
  for (Census& rest : rests) rest.feed_available = true;
  EXPECT_THAT(leaks_by_count(rests).findings, IsEmpty());
  // Unless a rest had to do without it.
  rests[1].feed_available = false;
  EXPECT_THAT(behaviours(leaks_by_count(rests)), ElementsAre("reset"));
}

TEST(LeakByCount, WhatIdentityLeavesIsFound) {
  Rests rests = two_storms(10, 210, 510);
  rests[1].outstanding = {outstanding({"reset", 100, 0})};
  rests[2].outstanding = {outstanding({"reset", 250, 100})};
  for (Census& rest : rests) rest.feed_available = true;
  const CountSteps steps = leaks_by_count(rests);
  ASSERT_THAT(behaviours(steps), ElementsAre("reset"));
  EXPECT_THAT(steps.findings[0].per_connection, DoubleEq(1));
}

// The same of threads, processes and ghosts.
TEST(LeakByCount, CountsWhatItIsTold) {
  Rests rests = two_storms(10, 10, 10);
  rests[1].sample.threads = 1 + 100;
  rests[2].sample.threads = 1 + 250;
  rests[0].sample.threads = 1;
  const CountSteps threads = leaks_by_count(rests, Counted::kThreads);
  ASSERT_THAT(behaviours(threads), ElementsAre("reset"));
  EXPECT_EQ(threads.findings[0].kind, FindingKind::kThreadLeak);
  EXPECT_THAT(threads.findings[0].per_connection, DoubleEq(1));
  EXPECT_THAT(threads.findings[0].evidence[0], HasSubstr("threads from rest to rest: 1, 101, 251"));
  for (const Counted other : {Counted::kDescriptors, Counted::kGhosts, Counted::kProcesses}) {
    EXPECT_THAT(leaks_by_count(rests, other).findings, IsEmpty());
  }
  rests[1].epoll_ghosts = 140;
  rests[2].epoll_ghosts = 220;
  const CountSteps ghosts = leaks_by_count(rests, Counted::kGhosts);
  ASSERT_THAT(behaviours(ghosts), ElementsAre("cut"));
  EXPECT_EQ(ghosts.findings[0].kind, FindingKind::kGhostRegistration);
  EXPECT_THAT(ghosts.findings[0].per_connection, DoubleEq(2));
}

}  // namespace
}  // namespace closewait
