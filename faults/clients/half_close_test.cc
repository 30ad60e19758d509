#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

constexpr std::uint64_t kSize = 64 * 1024;

Played play_half_close(const SocketAddress& target) { return run(play_of("half-close", target)); }

TEST(HalfClose, EndsItsSideBeforeTheAnswerAndReceivesAllOfIt) {
  Script script = answers(kSize);
  script.answers_at_end = true;
  Peer peer(script);
  const Played played = play_half_close(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_EQ(seen.sent, http_answer(kSize).size());
  EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(seen.error, 0);
}

// The bug that it is there for: end of input taken for end of output.
TEST(HalfClose, IsPreemptedByATargetThatDropsTheResponse) {
  Peer peer({.answers_at_end = true});
  const Played played = play_half_close(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);  // the FIN was sent all the same
  EXPECT_EQ(played.tally.response.count(), 0U);
}

TEST(HalfClose, IsPreemptedByAResponseCutShortAndByAReset) {
  for (Script script : {closes_in_mid_answer(kSize), resets_when_asked()}) {
    script.answers_at_end = true;
    Peer peer(script);
    EXPECT_EQ(play_half_close(peer.address()).outcome, Outcome::kPreempted);
  }
}

TEST(HalfClose, CountsGarbageAsWrong) {
  Script script = answers_garbage();
  script.answers_at_end = true;
  Peer peer(script);
  const Played played = play_half_close(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 1U);
}

TEST(HalfClose, IsRefusedByAClosedPort) {
  const Played played = play_half_close(closed_port());
  EXPECT_EQ(played.outcome, Outcome::kRefused);
  EXPECT_EQ(played.tally.counts, ClientCounts{});
}

TEST(HalfClose, TimesOutOnATargetThatWaitsForEver) {
  Peer peer(never_answers());
  const Played played = play_half_close(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  ASSERT_EQ(played.tally.response.count(), 1U);
  EXPECT_GE(played.tally.response.max(), std::chrono::milliseconds(200));
  const Seen seen = peer.end();
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);  // its FIN is its end, whatever the target does
}

TEST(HalfClose, LeavesItsFinWhenCut) {
  Peer peer(never_answers());
  Play play = play_of("half-close", peer.address());
  play.params.timeout = std::chrono::minutes(1);
  play.cut_when = [&] { return !peer.seen().empty() && peer.seen()[0].end_of_input; };
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kCut);
  EXPECT_FALSE(played.abandoned);
  EXPECT_EQ(peer.end().error, 0);
}

// With a part of the answer unread there is no way but a reset.
TEST(HalfClose, IsResetWhenCutInMidAnswer) {
  Script script = closes_in_mid_answer(kSize);
  script.once_answered = script.at_end_of_input = Script::Then::kStay;
  script.endless = true;
  Peer peer(script);
  Play play = play_of("half-close", peer.address());
  play.params.size = std::uint64_t{1} << 40;
  play.cut_when = [&] { return !peer.seen().empty() && peer.seen()[0].sent > 0; };
  EXPECT_EQ(run(play).tally.counts.opened, 1U);
  EXPECT_TRUE(peer.eventually([](const auto& all) { return all[0].error != 0; }));
}

}  // namespace
}  // namespace closewait
