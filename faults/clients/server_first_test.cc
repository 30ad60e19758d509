#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

TEST(ServerFirst, SendsNothingAndReceivesTheGreeting) {
  Peer peer({.greeting = "220 ready\r\n"});
  const Played played = run(play_of("server-first", peer.address()));
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.received, 0U);
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);
}

// The bug that it is there for: the rest of what is owed does not come behind the end of input.
TEST(ServerFirst, IsPreemptedByATargetThatTakesTheEndOfInputForItsOwn) {
  Peer peer({.greeting = "220 rea"});
  const Played played = run(play_of("server-first", peer.address()));
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_EQ(played.tally.response.count(), 0U);
}

TEST(ServerFirst, TimesOutWhereBothWaitToRead) {
  Peer peer(never_answers());
  EXPECT_EQ(run(play_of("server-first", peer.address())).outcome, Outcome::kTimedOut);
}

}  // namespace
}  // namespace closewait
