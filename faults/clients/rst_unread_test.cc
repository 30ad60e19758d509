#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

// Without SO_LINGER: the bytes that it leaves make the kernel reset.
TEST(RstUnread, ClosesWithTheResponseUnreadAndThePeerIsReset) {
  Peer peer(answers(1024));
  CallLog log;
  Play play = play_of("rst-unread", peer.address());
  play.log = &log;
  expect_delivered(run(play));
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_GT(seen.sent, 1024U);
  EXPECT_EQ(seen.error, ECONNRESET);
  for (const Call& call : log.calls()) EXPECT_NE(call.name, "setsockopt") << call.what;
}

TEST(RstUnread, DoesNotHappenWhereNothingIsAnswered) {
  Peer peer(never_answers());
  EXPECT_EQ(run(play_of("rst-unread", peer.address())).outcome, Outcome::kTimedOut);
}

TEST(RstUnread, IsPreemptedByATargetThatEndsWithoutAnAnswer) {
  Peer peer({.once_answered = Script::Then::kClose});
  EXPECT_EQ(run(play_of("rst-unread", peer.address())).outcome, Outcome::kPreempted);
}

}  // namespace
}  // namespace closewait
