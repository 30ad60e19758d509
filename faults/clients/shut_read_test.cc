#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

// The first that the peer sees of it is its end.
TEST(ShutRead, IsNotNoticedUntilItCloses) {
  Peer peer(answers(64));
  Play play = play_of("shut-read", peer.address());
  play.params.hold = milliseconds(80);
  std::size_t looks = 0;
  play.cut_when = [&] {
    for (const Seen& seen : peer.seen()) {
      ++looks;
      EXPECT_EQ(seen.flags, 0);
      EXPECT_EQ(seen.received, 0U);
    }
    return false;
  };
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(80));
  EXPECT_GT(looks, 0U);
  const Seen seen = peer.end();
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);
}

// What came all the same is no reset of its end.
TEST(ShutRead, EndsByAFinAlsoWhenItWasGreeted) {
  Peer peer({.greeting = "220 ready\r\n"});
  Play play = play_of("shut-read", peer.address());
  play.params.hold = milliseconds(30);
  expect_delivered(run(play));
  EXPECT_EQ(peer.end().error, 0);
}

}  // namespace
}  // namespace closewait
