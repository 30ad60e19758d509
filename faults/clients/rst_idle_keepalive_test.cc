#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

TEST(RstIdleKeepalive, HasItsAnswerLiesIdleAndResets) {
  Peer peer(answers(1024));
  Play play = play_of("rst-idle-keepalive", peer.address());
  play.params.wait = milliseconds(50);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(50));
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_FALSE(seen.end_of_input);
  EXPECT_EQ(seen.error, ECONNRESET);
}

// A connection that is not kept cannot be reset while it lies idle.
TEST(RstIdleKeepalive, IsPreemptedByATargetThatEndsAfterItsAnswer) {
  Script script = answers(1024);
  script.once_answered = Script::Then::kClose;
  Peer peer(script);
  Play play = play_of("rst-idle-keepalive", peer.address());
  play.params.wait = milliseconds(100);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_EQ(played.tally.counts.confirmed, 0U);
}

}  // namespace
}  // namespace closewait
