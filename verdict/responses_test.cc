#include "verdict/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace closewait {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kPolite = 0;
constexpr std::size_t kRude = 1;

// 4,000 polite connections and 400 of a rude one, all of them as they should be.
class Responses : public ::testing::Test {
 protected:
  Responses() {
    run_.header.behaviours = {"polite", "half-close"};
    run_.whole.clients.resize(2);
    run_.beside_host_faults.resize(2);
    deliver(kPolite, 4000);
    deliver(kRude, 400);
  }

  ClientCounts& counts(std::size_t behaviour) { return run_.whole.clients[behaviour].counts; }
  void deliver(std::size_t behaviour, std::uint64_t number) {
    counts(behaviour).opened += number;
    counts(behaviour).outcomes[index_of(Outcome::kDelivered)] += number;
    run_.whole.clients[behaviour].response.record(std::chrono::milliseconds(1), number);
  }
  // Of those that were delivered, so many got no byte.
  void leave_unanswered(std::size_t behaviour, std::uint64_t number) {
    counts(behaviour).outcomes[index_of(Outcome::kDelivered)] -= number;
    counts(behaviour).outcomes[index_of(Outcome::kPreempted)] += number;
    counts(behaviour).unanswered += number;
  }
  [[nodiscard]] Judged judged() const { return judge_responses(run_, unpromised_); }

  closewait::Run run_;
  std::set<std::string> unpromised_;
};

TEST_F(Responses, AreAsOwed) {
  EXPECT_THAT(judged().findings, IsEmpty());
  EXPECT_THAT(judged().not_judged, IsEmpty());
}

// Of responses whose bytes are wrong from the start no time is known: there are more of them than
// of whole ones.
TEST_F(Responses, MostOfThemMayBeWrong) {
  counts(kPolite).opened += 5000;
  counts(kPolite).outcomes[index_of(Outcome::kDelivered)] += 5000;
  counts(kPolite).wrong = counts(kPolite).altered = 5000;
  counts(kRude) = {};
  run_.whole.clients[kRude].response = Histogram();
  const auto findings = judged().findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kWrongResponse);
  EXPECT_EQ(findings[0].connections, 5000U);
}

// One is enough, however many came whole.
TEST_F(Responses, OneThatEndsInItsMiddleIsLost) {
  counts(kRude).truncated = 1;
  run_.whole.clients[kRude].first_lost = {.connection = 77, .offset = 16384};
  const auto findings = judged().findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kLostResponse);
  EXPECT_EQ(findings[0].behaviour, "half-close");
  EXPECT_EQ(findings[0].connections, 1U);
  EXPECT_EQ(findings[0].confidence, "exact");
  EXPECT_THAT(
      findings[0].evidence,
      ElementsAre("the target ended 1 of 400 half-close connections in the middle of a response "
                  "that it owed",
                  "connection 77 lost it after 16384 bytes; --connection 77 plays that one alone"));
}

TEST_F(Responses, OneOfAPoliteClientToo) {
  counts(kPolite).truncated = 1;
  const auto findings = judged().findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].behaviour, "polite");
}

TEST_F(Responses, OneOtherByteIsWrong) {
  counts(kRude).altered = 1;
  run_.whole.clients[kRude].first_altered = {.connection = 9, .offset = 0};
  const auto findings = judged().findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kWrongResponse);
  EXPECT_EQ(findings[0].connections, 1U);
  EXPECT_THAT(findings[0].evidence,
              ElementsAre("1 of 400 half-close connections got other bytes than they were owed",
                          "of connection 9 the first that differs is at offset 0; --connection 9 "
                          "plays that one alone"));
}

TEST_F(Responses, ThatNeverComeToOneBehaviourAreLost) {
  leave_unanswered(kRude, 12);
  const auto findings = judged().findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kLostResponse);
  EXPECT_EQ(findings[0].connections, 12U);
  EXPECT_EQ(findings[0].confidence, "estimated");
  EXPECT_THAT(findings[0].evidence,
              ElementsAre("12 of 400 half-close connections got not a byte of their response, and "
                          "0 of 4000 polite ones"));
}

// A server that is full turns clients away whoever they are.
TEST_F(Responses, ThatNeverComeToAnybodyAreNoLoss) {
  leave_unanswered(kRude, 12);
  leave_unanswered(kPolite, 90);
  EXPECT_THAT(judged().findings, IsEmpty());
  EXPECT_THAT(judged().not_judged,
              ElementsAre("lost-response by half-close: 12 of 400 half-close connections got not a "
                          "byte of their response, and 90 of 4000 polite ones, which may be how it "
                          "turns clients away"));
}

TEST_F(Responses, TwoThatNeverComeMayBeChance) {
  leave_unanswered(kRude, 2);
  EXPECT_THAT(judged().findings, IsEmpty());
  EXPECT_THAT(judged().not_judged, SizeIs(1));
}

TEST_F(Responses, ThatPoliteOnesMissAreForExpectations) {
  leave_unanswered(kPolite, 400);
  EXPECT_THAT(judged().findings, IsEmpty());
  EXPECT_THAT(judged().not_judged, IsEmpty());
}

TEST_F(Responses, AreComparedWithNobodyWhereNobodyIsPolite) {
  counts(kPolite) = {};
  leave_unanswered(kRude, 400);
  EXPECT_THAT(judged().findings, IsEmpty());
  EXPECT_THAT(judged().not_judged, SizeIs(1));
}

// It is not what the scenario says that it speaks.
TEST_F(Responses, OfWhichNoneIsAsOwedTellNothing) {
  counts(kPolite).altered = 4000;
  counts(kRude).altered = 400;
  EXPECT_THAT(judged().findings, IsEmpty());
  counts(kPolite).altered = 3999;
  EXPECT_THAT(judged().findings, SizeIs(2));
}

TEST_F(Responses, WithAnotherStatusForOneBehaviourAreWrong) {
  counts(kRude).other_status = 399;
  const auto findings = judged().findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kWrongResponse);
  EXPECT_EQ(findings[0].connections, 399U);
  EXPECT_THAT(findings[0].evidence,
              ElementsAre("399 of 400 half-close connections were answered by another status, and "
                          "0 of 4000 polite ones"));
}

TEST_F(Responses, WithAnotherStatusForAllAreNoFinding) {
  counts(kRude).other_status = 400;
  counts(kPolite).other_status = 4000;
  EXPECT_THAT(judged().findings, IsEmpty());
}

TEST_F(Responses, ThatNobodyPromisedAreNotJudged) {
  unpromised_ = {"half-close"};
  counts(kRude).truncated = 3;
  leave_unanswered(kRude, 100);
  EXPECT_THAT(judged().findings, IsEmpty());
  EXPECT_THAT(judged().not_judged,
              ElementsAre("lost-response by half-close: 103 of 400 got no whole response, and the "
                          "target does not promise half_close: answers"));
  // Other bytes are wrong all the same.
  counts(kRude).altered = 1;
  EXPECT_THAT(judged().findings, SizeIs(1));
}

TEST_F(Responses, BesideHostFaultsAreLeftOut) {
  counts(kRude).truncated = 5;
  run_.beside_host_faults[kRude].truncated = 5;
  EXPECT_THAT(judged().findings, IsEmpty());
}

TEST_F(Responses, OfATargetThatCrashedAreLostWithIt) {
  counts(kRude).truncated = 5;
  run_.findings.push_back({.kind = FindingKind::kCrash});
  EXPECT_THAT(judged().findings, IsEmpty());
}

TEST_F(Responses, AreNotComparedWhileTheRigIsLate) {
  leave_unanswered(kRude, 12);
  for (int i = 0; i < 100; ++i) run_.whole.lag.record(std::chrono::seconds(1));
  EXPECT_THAT(judged().findings, IsEmpty());
  EXPECT_THAT(judged().not_judged, SizeIs(1));
}

// By hand: of 10 clients 3 were met; that all 3 are of the 5 is C(5,3)/C(10,3) = 10/120.
TEST(ChanceOf, IsFishersExactTest) {
  EXPECT_THAT(chance_of({.hits = 3, .all = 5, .other_hits = 0, .others = 5}),
              DoubleNear(10.0 / 120, 1e-12));
  EXPECT_THAT(chance_of({.hits = 2, .all = 5, .other_hits = 1, .others = 5}),
              DoubleNear(0.5, 1e-12));
  EXPECT_THAT(chance_of({.hits = 0, .all = 5, .other_hits = 2, .others = 5}), DoubleNear(1, 1e-12));
  EXPECT_THAT(chance_of({.hits = 7, .all = 7, .other_hits = 0, .others = 0}), DoubleNear(1, 1e-12));
}

}  // namespace
}  // namespace closewait
