#include "verdict/stuck.h"

#include <gmock/gmock.h>

#include "verdict/rests_for_tests.h"

namespace closewait {
namespace {

using ::testing::HasSubstr;
using testing::rest_with;

Census queue_of(std::uint64_t length, double waited) {
  Census rest = rest_with(10);
  rest.sample.listen_queue = length;
  rest.queue_waited = waited;
  return rest;
}

Run resting(std::vector<Census> rests) {
  Run run;
  run.rests = std::move(rests);
  return run;
}

TEST(Stuck, IsAQueueThatNobodyTakesFromThroughTwoRests) {
  const auto found = stuck(resting({queue_of(0, 0), queue_of(17, 3), queue_of(40, 5)}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, FindingKind::kStuck);
  EXPECT_THAT(found->evidence[0], HasSubstr("40 connections wait to be accepted, for 5.0 s"));
  EXPECT_THAT(found->evidence[1], HasSubstr("0, 17, 40"));
}

TEST(Stuck, AQueueThatIsTakenFromIsNone) {
  EXPECT_FALSE(stuck(resting({})));
  EXPECT_FALSE(stuck(resting({queue_of(0, 0), queue_of(9, 0.1), queue_of(9, 0.1)})));
  EXPECT_FALSE(stuck(resting({queue_of(0, 0), queue_of(9, 3), queue_of(0, 0)})));
}

TEST(Stuck, AQueueOfTheLastRestAloneNeedsAnother) {
  const std::vector<Census> rests{queue_of(0, 0), queue_of(9, 3)};
  EXPECT_FALSE(stuck(resting(rests)));
  EXPECT_TRUE(queue_needs_another_look(rests));
  EXPECT_FALSE(queue_needs_another_look({queue_of(9, 3), queue_of(9, 3)}));
  EXPECT_FALSE(queue_needs_another_look({queue_of(9, 3), queue_of(0, 0)}));
}

PlayedPhase played(std::uint64_t asked, std::uint64_t served) {
  return {.phase = "storm", .polite_asked = asked, .polite_served = served, .ended = 1};
}

Run playing(std::vector<PlayedPhase> phases) {
  Run run;
  run.header.lag_at_most = 0.1;
  run.played = std::move(phases);
  return run;
}

TEST(Stuck, IsAStormInWhichNoPoliteClientIsServedAfterOthersWere) {
  const auto found = stuck(playing({played(100, 99), played(400, 200), played(400, 0)}));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->evidence[0], HasSubstr("none of 400 polite clients"));
  EXPECT_THAT(found->evidence[1], HasSubstr("99 of 100"));
}

TEST(Stuck, WhoServesSomeOrNeverServedAnyIsNone) {
  EXPECT_FALSE(stuck(playing({played(100, 99), played(400, 1)})));
  EXPECT_FALSE(stuck(playing({played(100, 0), played(400, 0)})));
  EXPECT_FALSE(stuck(playing({played(100, 99), played(5, 0)}))) << "too few to tell";
}

TEST(Stuck, APhaseWithHostFaultsDoesNotSaySo) {
  closewait::Run run = playing({played(100, 99), played(400, 0)});
  run.played.back().host_faults = 1;
  EXPECT_FALSE(stuck(run));
}

TEST(Stuck, NorDoesASaturatedRig) {
  closewait::Run run = playing({played(100, 99), played(400, 0)});
  for (int i = 0; i < 100; ++i) run.whole.lag.record(std::chrono::seconds(1));
  EXPECT_FALSE(stuck(run));
}

TEST(Stuck, WhoHasEndedIsNotStuck) {
  closewait::Run run = playing({played(100, 99), played(400, 0)});
  run.findings.push_back({.kind = FindingKind::kCrash});
  EXPECT_FALSE(stuck(run));
}

}  // namespace
}  // namespace closewait
