#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

constexpr short kAfterReset = POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP;

TEST(RstAfterConnect, SendsNothingWaitsAndEndsByReset) {
  Peer peer(never_answers());
  Play play = play_of("rst-after-connect", peer.address());
  play.params.wait = milliseconds(20);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_GE(played.took, milliseconds(20));
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_EQ(played.tally.connect.count(), 1U);
  EXPECT_EQ(played.tally.response.count(), 0U);
  EXPECT_FALSE(played.abandoned);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.received, 0U);
  EXPECT_FALSE(seen.end_of_input);
  EXPECT_EQ(seen.error, ECONNRESET);
  EXPECT_EQ(seen.flags, kAfterReset);
}

TEST(RstAfterConnect, ResetsAtOnceWithoutAWait) {
  Peer peer(never_answers());
  Play play = play_of("rst-after-connect", peer.address());
  play.params.wait = Nanoseconds(0);
  EXPECT_EQ(run(play).outcome, Outcome::kDelivered);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST(RstAfterConnect, ResetsATargetThatClosedFirst) {
  Peer peer({.once_accepted = Script::Then::kClose});
  Play play = play_of("rst-after-connect", peer.address());
  play.params.wait = milliseconds(100);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);  // its socket could still be reset
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
}

TEST(RstAfterConnect, IsPreemptedByAReset) {
  Peer peer({.once_accepted = Script::Then::kReset});
  Play play = play_of("rst-after-connect", peer.address());
  play.params.wait = milliseconds(100);
  const Played played = run(play);
  // The reset may come before connect() is over.
  EXPECT_THAT(played.outcome, testing::AnyOf(Outcome::kPreempted, Outcome::kRefused));
  EXPECT_EQ(played.tally.counts.confirmed, 0U);
}

TEST(RstAfterConnect, IsRefusedByAClosedPort) {
  const Played played = run(play_of("rst-after-connect", closed_port()));
  EXPECT_EQ(played.outcome, Outcome::kRefused);
  EXPECT_EQ(played.tally.counts, ClientCounts{});
}

TEST(RstAfterConnect, IgnoresWhatTheTargetSays) {
  Peer peer({.echo = true, .endless = true});
  const Played played = run(play_of("rst-after-connect", peer.address()));
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
}

TEST(RstAfterConnect, TimesOutInItsWaitWithoutAResponse) {
  Peer peer(never_answers());
  Play play = play_of("rst-after-connect", peer.address());
  play.params.wait = std::chrono::minutes(1);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  EXPECT_EQ(played.tally.response.count(), 0U);  // nothing was asked
  EXPECT_EQ(played.tally.counts.intended, 0U);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

// The deadline and the end of the wait come in one turn of the loop.
TEST(RstAfterConnect, MayEndInTheInstantOfItsDeadline) {
  Peer peer(never_answers());
  for (int i = 0; i < 50; ++i) {
    Play play = play_of("rst-after-connect", peer.address());
    play.params.wait = milliseconds(1);
    play.params.timeout = milliseconds(1);
    const Played played = run(play);
    ASSERT_TRUE(played.ended);
    EXPECT_THAT(played.outcome, testing::AnyOf(Outcome::kDelivered, Outcome::kTimedOut));
  }
}

TEST(RstAfterConnect, IsResetWhenCut) {
  Peer peer(never_answers());
  Play play = play_of("rst-after-connect", peer.address());
  play.params.wait = play.params.timeout = std::chrono::minutes(1);
  play.cut_when = [&] { return peer.accepted() == 1; };
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kCut);
  EXPECT_TRUE(played.abandoned);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

}  // namespace
}  // namespace closewait
