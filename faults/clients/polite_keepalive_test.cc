#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

constexpr std::uint64_t kSize = 1024;

Play keepalive(const SocketAddress& target) {
  Play play = play_of("polite-keepalive", target);
  play.params.timeout = std::chrono::seconds(10);
  return play;
}

TEST(PoliteKeepalive, AsksSoManyTimesOnOneConnectionAndEndsByFin) {
  for (const std::uint64_t requests : {1U, 2U, 25U}) {
    Peer peer(answers(kSize));
    Play play = keepalive(peer.address());
    play.params.requests = requests;
    const Played played = run(play);
    EXPECT_EQ(played.outcome, Outcome::kDelivered);
    EXPECT_EQ(played.tally.counts.opened, 1U);
    EXPECT_EQ(played.tally.counts.confirmed, 1U);
    EXPECT_EQ(played.tally.counts.wrong, 0U);
    EXPECT_EQ(played.tally.response.count(), requests);
    const Seen seen = peer.end();
    EXPECT_EQ(seen.requests, requests);
    EXPECT_EQ(seen.sent, requests * http_answer(kSize).size());
    EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
    EXPECT_EQ(seen.error, 0);
    EXPECT_EQ(peer.accepted(), 1U);
  }
}

TEST(PoliteKeepalive, IsPreemptedWhenClosedAfterTheFirstAnswer) {
  Script script = answers(kSize);
  script.once_answered = Script::Then::kClose;
  Peer peer(script);
  const Played played = run(keepalive(peer.address()));
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_EQ(played.tally.response.count(), 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 0U);
}

TEST(PoliteKeepalive, StopsAtTheFirstWrongAnswer) {
  std::string changed = http_answer(kSize);
  changed.back() ^= 1;
  Peer peer({.answer = changed});
  const Played played = run(keepalive(peer.address()));
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 1U);
  EXPECT_EQ(peer.end().requests, 1U);
}

}  // namespace
}  // namespace closewait
