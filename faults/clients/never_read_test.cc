#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kBulk = 8 * 1024 * 1024;

TEST(NeverRead, TakesNothingAndIsGone) {
  Peer peer(answers(kBulk));
  Play play = play_of("never-read", peer.address());
  play.params.hold = milliseconds(150);
  play.params.timeout = seconds(5);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(150));
  ASSERT_TRUE(peer.eventually([](const auto& all) { return all[0].over; }));
  const Seen seen = peer.seen()[0];
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_LE(seen.window, 64U * 1024);  // a small one, told before anything was sent
  EXPECT_LT(seen.sent, kBulk);
  EXPECT_TRUE(seen.error == ECONNRESET || seen.error == EPIPE) << seen.error;
}

// Its patience is over: that is what a good target does.
TEST(NeverRead, IsDeliveredAlsoWhenTheTargetGivesUp) {
  Peer peer(answers(kBulk));
  Play play = play_of("never-read", peer.address());
  play.params.hold = milliseconds(400);
  play.params.timeout = seconds(5);
  const Instant start = Clock::now();
  play.cut_when = [&] {
    if (Clock::now() > start + milliseconds(250)) peer.reset_all();
    return false;
  };
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.confirmed, 0U);  // its own end was none any more
}

}  // namespace
}  // namespace closewait
