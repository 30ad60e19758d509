#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Idle, SaysNothingAndEndsByAFin) {
  Peer peer(answers(64));
  Play play = play_of("idle", peer.address());
  play.params.hold = milliseconds(130);
  play.params.timeout = seconds(5);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(130));
  const Seen seen = peer.end();
  EXPECT_EQ(seen.received, 0U);
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);
}

// Who is turned away at the door was not idle.
TEST(Idle, IsPreemptedByATargetThatEndsItAtOnce) {
  for (const auto then : {Script::Then::kClose, Script::Then::kReset}) {
    Peer peer({.once_accepted = then});
    const Played played = run(play_of("idle", peer.address()));
    EXPECT_EQ(played.outcome, Outcome::kPreempted);
  }
}

TEST(Idle, IsDeliveredWhenTheTargetEndsItInItsTime) {
  for (const auto then : {Script::Then::kClose, Script::Then::kReset}) {
    Peer peer({.greeting = "hello"});
    Play play = play_of("idle", peer.address());
    play.params.hold = seconds(10);
    play.params.timeout = seconds(15);
    const Instant start = Clock::now();
    play.cut_when = [&] {
      if (Clock::now() < start + milliseconds(200)) return false;
      then == Script::Then::kReset ? peer.reset_all() : peer.close_all();
      return false;
    };
    const Played played = run(play);
    EXPECT_EQ(played.outcome, Outcome::kDelivered);
    EXPECT_LT(played.took, seconds(9));
  }
}

}  // namespace
}  // namespace closewait
