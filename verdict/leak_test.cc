#include "verdict/leak.h"

#include <gmock/gmock.h>

#include "verdict/rests_for_tests.h"

namespace closewait {
namespace {

using ::testing::Contains;
using ::testing::DoubleEq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::outstanding;
using testing::rest_with;
using ::testing::SizeIs;
using Rests = std::vector<Census>;

// The rest after warm-up, and one more at which `left` is outstanding.
Rests rests_with(std::vector<Outstanding> left, std::uint64_t served = 1000) {
  std::uint64_t fds = 20;
  for (const Outstanding& each : left) fds += each.count;
  return {
      rest_with(20, {{"polite", 10}}),
      rest_with(fds, {{"polite", served}, {"rude", served}, {"slow", served}}, std::move(left))};
}

TEST(LeakByIdentity, NothingOutstandingIsNoLeak) {
  EXPECT_THAT(leaks_by_identity({}), IsEmpty());
  EXPECT_FALSE(needs_another_look({}));
  EXPECT_THAT(leaks_by_identity(rests_with({})), IsEmpty());
  EXPECT_FALSE(needs_another_look(rests_with({})));
}

TEST(LeakByIdentity, OneConnectionOfAWholeRunIsFound) {
  Rests rests = rests_with({outstanding({"rude", 1})});
  rests.push_back(rest_with(21, {{"rude", 2000}}, {outstanding({"rude", 1, 1})}));
  const auto findings = leaks_by_identity(rests);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kFdLeak);
  EXPECT_EQ(findings[0].behaviour, "rude");
  EXPECT_THAT(findings[0].per_connection, DoubleEq(0.0005));
  EXPECT_EQ(findings[0].connections, 1U);
  EXPECT_EQ(findings[0].confidence, "exact");
  EXPECT_THAT(findings[0].evidence, Contains(HasSubstr("1 of 2000 rude connections")));
  EXPECT_THAT(findings[0].evidence, Contains(HasSubstr("20, 21, 21")));
  EXPECT_THAT(findings[0].evidence, Contains(HasSubstr("connections 7")));
  EXPECT_FALSE(needs_another_look(rests));
}

TEST(LeakByIdentity, SeenAtOneRestOnlyAsksForAnotherLook) {
  const Rests rests = rests_with({outstanding({"rude", 5, 0})});
  EXPECT_THAT(leaks_by_identity(rests), IsEmpty());
  EXPECT_TRUE(needs_another_look(rests));
}

// Gone without a word, and nothing promised: the target may wait as long as it likes.
TEST(LeakByIdentity, WhoseEndWasNeverToldIsNoLeak) {
  Outstanding vanished = outstanding({"rude", 5, 0});
  vanished.untold = true;
  const Rests rests = rests_with({vanished});
  EXPECT_THAT(leaks_by_identity(rests), IsEmpty());
  EXPECT_FALSE(needs_another_look(rests));
  EXPECT_EQ(held_outstanding(rests.front(), rests.back()), 5U);  // and no descriptor is unexplained
}

TEST(LeakByIdentity, AConfirmedBehaviourNeedsNoOtherLookButAnotherBehaviourDoes) {
  EXPECT_FALSE(needs_another_look(rests_with({outstanding({"rude", 5, 2})})));
  EXPECT_TRUE(
      needs_another_look(rests_with({outstanding({"rude", 5, 2}), outstanding({"slow", 1, 0})})));
}

TEST(LeakByIdentity, MostSocketsInCloseWaitNameIt) {
  Outstanding mixed = outstanding({"rude", 10, 10, "CLOSE_WAIT"});
  mixed.states = {{"CLOSE_WAIT", 6}, {"ESTABLISHED", 4}};
  EXPECT_EQ(leaks_by_identity(rests_with({mixed})).at(0).kind, FindingKind::kCloseWait);
  mixed.states = {{"CLOSE_WAIT", 5}, {"ESTABLISHED", 5}};
  EXPECT_EQ(leaks_by_identity(rests_with({mixed})).at(0).kind, FindingKind::kFdLeak);
}

TEST(LeakByIdentity, WhatWasNotSeenBeforeCountsOnceTheBehaviourIsConfirmed) {
  const auto findings = leaks_by_identity(rests_with({outstanding({"rude", 1000, 1})}));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].per_connection, DoubleEq(1));
}

TEST(LeakByIdentity, DeadSocketsThatNoDescriptorBearsOutAreNone) {
  const Rests rests = rests_with({outstanding({"rude", 10, 10, kDeadState})});
  EXPECT_THAT(leaks_by_identity(rests), IsEmpty());
  EXPECT_FALSE(needs_another_look(rests));
}

TEST(LeakByIdentity, DeadSocketsCountAsFarAsDescriptorsBearThemOut) {
  Rests rests = rests_with({outstanding({"rude", 10, 10, kDeadState})});
  rests.back().dead_sockets = 10;
  EXPECT_EQ(leaks_by_identity(rests).at(0).confidence, "exact");
  EXPECT_THAT(leaks_by_identity(rests).at(0).per_connection, DoubleEq(0.01));
  rests.back().dead_sockets = 4;
  EXPECT_EQ(leaks_by_identity(rests).at(0).confidence, "estimated");
  EXPECT_THAT(leaks_by_identity(rests).at(0).per_connection, DoubleEq(0.004));
}

TEST(LeakByIdentity, DeadSocketsFromBeforeAreTheTargetsOwnBusiness) {
  Rests rests = rests_with({outstanding({"rude", 10, 10, kDeadState})});
  rests.front().dead_sockets = 4;
  rests.back().dead_sockets = 4;
  EXPECT_THAT(leaks_by_identity(rests), IsEmpty());
  // But not those which were outstanding at the first rest already.
  rests.front().outstanding = {outstanding({"rude", 4, 0, kDeadState})};
  EXPECT_THAT(leaks_by_identity(rests).at(0).per_connection, DoubleEq(0.004));
}

TEST(LeakByIdentity, BehavioursShareWhatIsBorneOut) {
  Rests rests = rests_with(
      {outstanding({"rude", 30, 30, kDeadState}), outstanding({"slow", 10, 10, kDeadState})});
  rests.back().dead_sockets = 20;
  const auto findings = leaks_by_identity(rests);
  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_EQ(findings[0].behaviour, "rude");
  EXPECT_THAT(findings[0].per_connection, DoubleEq(0.015));
  EXPECT_THAT(findings[1].per_connection, DoubleEq(0.005));
}

TEST(LeakByIdentity, WhatNoDescriptorHoldsIsNotTheTargets) {
  const Rests rests = rests_with({outstanding({"rude", 10, 10, kUnheldState})});
  EXPECT_THAT(leaks_by_identity(rests), IsEmpty());
  EXPECT_FALSE(needs_another_look(rests));
  EXPECT_EQ(held_outstanding(rests.front(), rests.back()), 0U);
}

TEST(LeakByIdentity, AbandonedOnesAreNamedOnlyWhereNothingElseIs) {
  const Outstanding cut = outstanding({"slow", 3, 3, "ESTABLISHED", true});
  const auto alone = leaks_by_identity(rests_with({cut}));
  ASSERT_THAT(alone, SizeIs(1));
  EXPECT_EQ(alone[0].behaviour, "slow");
  EXPECT_THAT(alone[0].per_connection, DoubleEq(0));
  EXPECT_THAT(alone[0].evidence, Contains(HasSubstr("the rig had reset them")));
  const auto beside = leaks_by_identity(rests_with({cut, outstanding({"rude", 9, 9})}));
  ASSERT_THAT(beside, SizeIs(1));
  EXPECT_EQ(beside[0].behaviour, "rude");
}

TEST(LeakByIdentity, EventsLostAtTheLastRestLeaveNothingToSay) {
  Rests rests = rests_with({outstanding({"rude", 5, 5})});
  rests.back().feed_available = false;
  EXPECT_THAT(leaks_by_identity(rests), IsEmpty());
  EXPECT_FALSE(needs_another_look(rests));
}

TEST(LeakByIdentity, AfterALossOnlyWhatCameSinceCounts) {
  Census lost = rest_with(520, {{"rude", 500}});
  lost.feed_available = false;
  const Rests rests{rest_with(20), lost,
                    rest_with(1020, {{"rude", 1000}}, {outstanding({"rude", 500, 0})}),
                    rest_with(1020, {{"rude", 1000}}, {outstanding({"rude", 500, 500})})};
  ASSERT_THAT(leaks_by_identity(rests), SizeIs(1));
  EXPECT_THAT(leaks_by_identity(rests)[0].per_connection, DoubleEq(1));
}

TEST(LeakByIdentity, UnlistedDescriptorsBearOutAsManyAsTheyGrew) {
  struct Row {
    std::uint64_t first, last;  // descriptors
    double per_connection;      // 0: no finding
  };
  for (const Row& row : {Row{20, 20, 0}, Row{20, 15, 0}, Row{20, 24, 0.004}, Row{20, 30, 0.01},
                         Row{20, 90, 0.01}, Row{0, 0, 0.01}}) {
    SCOPED_TRACE(row.last);
    Rests rests = rests_with({outstanding({"rude", 10, 10, kDeadState})});
    for (Census& rest : rests) rest.fds_by_kind.clear();
    rests.front().sample.fds = row.first;
    rests.back().sample.fds = row.last;
    const auto findings = leaks_by_identity(rests);
    EXPECT_EQ(needs_another_look(rests), false);
    if (row.per_connection == 0) {
      EXPECT_THAT(findings, IsEmpty());
      continue;
    }
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_THAT(findings[0].per_connection, DoubleEq(row.per_connection));
    EXPECT_EQ(findings[0].confidence, "estimated");
    EXPECT_THAT(findings[0].evidence, Contains(HasSubstr("could not be read")));
  }
}

TEST(LeakByIdentity, UnlistedDescriptorsAreSharedAndTheStateIsKept) {
  Rests rests =
      rests_with({outstanding({"rude", 30, 30, "CLOSE_WAIT"}), outstanding({"slow", 10, 10}),
                  outstanding({"polite", 50, 50, kUnheldState})});
  for (Census& rest : rests) rest.fds_by_kind.clear();
  rests.back().sample.fds = 20 + 20;
  const auto findings = leaks_by_identity(rests);
  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_EQ(findings[0].kind, FindingKind::kCloseWait);
  EXPECT_THAT(findings[0].per_connection, DoubleEq(0.015));
  EXPECT_EQ(findings[1].kind, FindingKind::kFdLeak);
  EXPECT_THAT(findings[1].per_connection, DoubleEq(0.005));
  EXPECT_EQ(held_outstanding(rests.front(), rests.back()), 20U);
}

TEST(LeakByIdentity, TheFirstKindAndTheLargestLeakComeFirst) {
  const auto findings =
      leaks_by_identity(rests_with({outstanding({"polite", 1, 1}), outstanding({"rude", 9, 9}),
                                    outstanding({"slow", 2, 2, "CLOSE_WAIT"})}));
  ASSERT_THAT(findings, SizeIs(3));
  EXPECT_EQ(findings[0].behaviour, "slow");
  EXPECT_EQ(findings[1].behaviour, "rude");
  EXPECT_EQ(findings[2].behaviour, "polite");
}

}  // namespace
}  // namespace closewait
