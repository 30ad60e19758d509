#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

constexpr std::uint64_t kBulk = 8 * 1024 * 1024;
constexpr std::uint64_t kPart = 64 * 1024;

Played play_rst_mid_response(const SocketAddress& target) {
  return run(play_of("rst-mid-response", target));
}

// However slow the machine is.
Played play_patiently(const SocketAddress& target) {
  Play play = play_of("rst-mid-response", target);
  play.params.timeout = std::chrono::seconds(15);
  return run(play);
}

TEST(RstMidResponse, ResetsWhileTheTargetStillWrites) {
  Peer peer(answers(kBulk));
  const Played played = play_patiently(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_EQ(played.tally.response.count(), 0U);
  EXPECT_FALSE(played.abandoned);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_THAT(seen.error, testing::AnyOf(ECONNRESET, EPIPE));
  EXPECT_FALSE(seen.end_of_input);
  EXPECT_GE(seen.sent, kPart);
  EXPECT_LT(seen.sent, kBulk);
}

TEST(RstMidResponse, StopsAtTheByteItWasTold) {
  Peer peer({.answer = http_answer(kBulk).substr(0, kPart)});
  Play play = play_of("rst-mid-response", peer.address());
  EXPECT_EQ(run(play).outcome, Outcome::kDelivered);
  play.params.bytes = kPart + 1;  // never comes
  EXPECT_EQ(run(play).outcome, Outcome::kTimedOut);
}

// What is over has no middle: it did not happen.
TEST(RstMidResponse, IsPreemptedByAResponseThatIsOver) {
  Peer peer(answers(1024));
  Play play = play_of("rst-mid-response", peer.address());
  play.params.size = 1024;
  play.params.bytes = http_answer(1024).size();
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_EQ(played.tally.counts.intended, 0U);
}

TEST(RstMidResponse, IsPreemptedByAResetAndByAnEarlyEnd) {
  for (const Script& script : {resets_when_asked(), closes_in_mid_answer(1024)}) {
    Peer peer(script);
    const Played played = play_rst_mid_response(peer.address());
    EXPECT_EQ(played.outcome, Outcome::kPreempted);
    EXPECT_EQ(played.tally.counts.confirmed, 0U);
  }
}

TEST(RstMidResponse, IsOwedNothingAndJudgesNothing) {
  Peer peer({.answer = std::string(kBulk, 'x')});
  const Played played = play_patiently(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  EXPECT_NE(peer.end().error, 0);
}

TEST(RstMidResponse, IsRefusedByAClosedPort) {
  const Played played = play_rst_mid_response(closed_port());
  EXPECT_EQ(played.outcome, Outcome::kRefused);
  EXPECT_EQ(played.tally.counts, ClientCounts{});
}

TEST(RstMidResponse, TimesOutAndTheResponseCountsAtTheDeadline) {
  Peer peer(never_answers());
  const Played played = play_rst_mid_response(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  ASSERT_EQ(played.tally.response.count(), 1U);
  EXPECT_GE(played.tally.response.max(), std::chrono::milliseconds(200));
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST(RstMidResponse, IsResetWhenCut) {
  Peer peer(never_answers());
  Play play = play_of("rst-mid-response", peer.address());
  play.params.timeout = std::chrono::minutes(1);
  play.cut_when = [&] { return !peer.seen().empty() && peer.seen()[0].requests == 1; };
  EXPECT_EQ(run(play).outcome, Outcome::kCut);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

}  // namespace
}  // namespace closewait
