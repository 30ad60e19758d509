#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(IdleAfter, AsksSomeTimesAndIsSilentThen) {
  Peer peer(answers(1024));
  Play play = play_of("idle-after", peer.address());
  play.params.requests = 3;
  play.params.hold = milliseconds(130);
  play.params.timeout = seconds(5);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(130));
  EXPECT_EQ(played.tally.response.count(), 3U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 3U);
  EXPECT_EQ(seen.error, 0);
}

TEST(IdleAfter, IsPreemptedByATargetThatKeepsNoConnection) {
  Script script = answers(1024);
  script.once_answered = Script::Then::kClose;
  Peer peer(script);
  EXPECT_EQ(run(play_of("idle-after", peer.address())).outcome, Outcome::kPreempted);
}

}  // namespace
}  // namespace closewait
