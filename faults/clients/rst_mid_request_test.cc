#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

TEST(RstMidRequest, SendsSoManyBytesAndResets) {
  Peer peer(never_answers());
  Play play = play_of("rst-mid-request", peer.address());
  play.params.bytes = 7;
  play.params.wait = milliseconds(20);  // so that the peer reads them before the reset
  expect_delivered(run(play));
  const Seen seen = peer.end();
  EXPECT_EQ(seen.request, "GET /by");
  EXPECT_FALSE(seen.end_of_input);
  EXPECT_EQ(seen.error, ECONNRESET);
}

// Never the whole of it, however much is asked for.
TEST(RstMidRequest, LeavesTheRequestUnfinished) {
  Peer peer(answers(16));
  Play play = play_of("rst-mid-request", peer.address());
  play.params.bytes = 1'000'000;
  play.params.wait = milliseconds(20);
  expect_delivered(run(play));
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 0U);
  EXPECT_GT(seen.received, 20U);
}

TEST(RstMidRequest, IsPreemptedByATargetThatResetsFirst) {
  Peer peer({.once_accepted = Script::Then::kReset});
  Play play = play_of("rst-mid-request", peer.address());
  play.params.wait = milliseconds(50);
  const Played played = run(play);
  // A reset that is there before connect() has come back looks like a refusal.
  EXPECT_THAT(played.outcome, testing::AnyOf(Outcome::kPreempted, Outcome::kRefused));
  EXPECT_EQ(played.tally.counts.confirmed, 0U);
}

}  // namespace
}  // namespace closewait
