#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kSize = 1024;

Play held(const SocketAddress& target) {
  Play play = play_of("polite-held", target);
  play.params.hold = milliseconds(150);
  play.params.every = milliseconds(10);
  play.params.timeout = std::chrono::seconds(10);
  return play;
}

TEST(PoliteHeld, AsksAgainOnOneConnectionAndEndsByFin) {
  Peer peer(answers(kSize));
  const Played played = run(held(peer.address()));
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  const Seen seen = peer.end();
  EXPECT_GE(seen.requests, 2U);
  EXPECT_LE(seen.requests, 16U);  // 150 ms of them, 10 ms apart
  EXPECT_EQ(played.tally.response.count(), seen.requests);
  // Each runs from its own request.
  EXPECT_LT(played.tally.response.quantile(0.5), milliseconds(100));
  EXPECT_EQ(seen.sent, seen.requests * http_answer(kSize).size());
  EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(seen.error, 0);
  EXPECT_EQ(peer.accepted(), 1U);
}

// A client that asks once and leaves before it has to wait.
TEST(PoliteHeld, LeavesWhenItsTimeIsOver) {
  Peer peer(answers(kSize));
  Play play = held(peer.address());
  play.params.hold = Nanoseconds(0);
  EXPECT_EQ(run(play).outcome, Outcome::kDelivered);
  EXPECT_EQ(peer.end().requests, 1U);
}

TEST(PoliteHeld, StaysASecondAtLeast) {
  Peer peer(answers(kSize));
  Play play = held(peer.address());
  play.params.hold = milliseconds(1200);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_GE(played.took, milliseconds(1000) - play.params.every);
}

TEST(PoliteHeld, IsPreemptedWhenClosedBetweenTwoRequests) {
  Script script = answers(kSize);
  script.once_answered = Script::Then::kClose;
  Peer peer(script);
  const Played played = run(held(peer.address()));
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_EQ(played.tally.response.count(), 1U);
}

TEST(PoliteHeld, IsPreemptedByAResetAndByAnAnswerCutShort) {
  for (const Script& script : {resets_when_asked(), closes_in_mid_answer(kSize)}) {
    Peer peer(script);
    const Played played = run(held(peer.address()));
    EXPECT_EQ(played.outcome, Outcome::kPreempted);
    EXPECT_EQ(played.tally.response.count(), 0U);
  }
}

TEST(PoliteHeld, StopsAtTheFirstWrongAnswer) {
  std::string changed = http_answer(kSize);
  changed.back() ^= 1;
  for (const std::string& answer : {changed, answers_garbage().answer}) {
    Peer peer({.answer = answer});
    const Played played = run(held(peer.address()));
    EXPECT_EQ(played.outcome, Outcome::kDelivered);
    EXPECT_EQ(played.tally.counts.wrong, 1U);
    EXPECT_EQ(peer.end().requests, 1U);
  }
}

TEST(PoliteHeld, IsRefusedByAClosedPort) {
  const Played played = run(held(closed_port()));
  EXPECT_EQ(played.outcome, Outcome::kRefused);
  EXPECT_EQ(played.tally.counts, ClientCounts{});
}

TEST(PoliteHeld, TimesOutOnSilence) {
  Peer peer(never_answers());
  Play play = held(peer.address());
  play.params.timeout = milliseconds(200);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  ASSERT_EQ(played.tally.response.count(), 1U);
  EXPECT_GE(played.tally.response.max(), milliseconds(200));
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST(PoliteHeld, IsResetWhenCutInItsPause) {
  Peer peer(answers(kSize));
  Play play = held(peer.address());
  play.params.hold = play.params.timeout = std::chrono::minutes(1);
  play.params.every = milliseconds(900);
  play.cut_when = [&] {
    return !peer.seen().empty() && peer.seen()[0].sent == http_answer(kSize).size();
  };
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kCut);
  EXPECT_LT(played.took, milliseconds(900));
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

}  // namespace
}  // namespace closewait
