#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

TEST(HalfCloseEarly, EndsItsSideInMidRequestAndWaits) {
  Peer peer(answers(64));
  Play play = play_of("half-close-early", peer.address());
  play.params.bytes = 9;
  const Played played = run(play);  // the peer closes at the end of input, as it should
  expect_delivered(played);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.request, "GET /byte");
  EXPECT_EQ(seen.requests, 0U);
  EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(seen.error, 0);
}

// The bug that it is there for: its end is its own, and the peer still has the connection.
TEST(HalfCloseEarly, LeavesATargetThatWaitsForEverInCloseWait) {
  Peer peer(never_answers());
  Play play = play_of("half-close-early", peer.address());
  play.params.hold = milliseconds(60);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(60));
  const Seen seen = peer.end();
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_FALSE(seen.over);
}

// It is told that half of a request is none: an answer, and in its own way.
TEST(HalfCloseEarly, IsDeliveredAlsoWhenTheTargetResetsIt) {
  Peer peer({.at_end_of_input = Script::Then::kReset});
  EXPECT_EQ(run(play_of("half-close-early", peer.address())).outcome, Outcome::kDelivered);
}

}  // namespace
}  // namespace closewait
