#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SlowWrite, SendsAByteAtATimeAndIsAnswered) {
  Peer peer(answers(64));
  Play play = play_of("slow-write", peer.address());
  play.params.every = milliseconds(2);
  play.params.timeout = seconds(10);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 1U);
  // A busy peer may find two in one read.
  EXPECT_GT(seen.reads, seen.received / 4);
  EXPECT_EQ(seen.error, 0);
}

// A server whose patience is over.
TEST(SlowWrite, IsDeliveredWhenTheTargetEndsIt) {
  for (const auto then : {Script::Then::kClose, Script::Then::kReset}) {
    Script script{.answer = http_answer(64)};
    script.once_received = {.bytes = 10, .then = then};
    Peer peer(script);
    Play play = play_of("slow-write", peer.address());
    play.params.every = milliseconds(5);
    play.params.timeout = seconds(10);
    const Played played = run(play);
    EXPECT_EQ(played.outcome, Outcome::kDelivered);
    EXPECT_EQ(played.tally.counts.wrong, 0U);
    EXPECT_LT(peer.seen()[0].received, 40U);
  }
}

TEST(SlowWrite, IsOwedTheRightAnswerOnceItHasAsked) {
  Peer peer(answers(63));
  Play play = play_of("slow-write", peer.address());
  play.params.every = milliseconds(1);
  play.params.timeout = seconds(10);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 1U);
}

}  // namespace
}  // namespace closewait
