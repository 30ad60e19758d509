#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

TEST(HalfCloseIdle, EndsItsSideAtOnceAndSendsNothing) {
  Peer peer(answers(64));
  const Played played = run(play_of("half-close-idle", peer.address()));
  expect_delivered(played);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.received, 0U);
  EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(seen.error, 0);
}

TEST(HalfCloseIdle, HoldsTheConnectionOfATargetThatDoesNotEndIt) {
  Peer peer(never_answers());
  Play play = play_of("half-close-idle", peer.address());
  play.params.hold = milliseconds(60);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(60));
  EXPECT_FALSE(peer.end().over);
}

}  // namespace
}  // namespace closewait
