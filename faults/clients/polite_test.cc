#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"
#include "faults/echo_exchange.h"

namespace closewait {
namespace {

constexpr std::uint64_t kSize = 1024;

Played play_polite(const SocketAddress& target) { return run(play_of("polite", target)); }

TEST(Polite, SendsItsRequestReceivesAllAndEndsByFin) {
  Peer peer(answers(kSize));
  const Played played = play_polite(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  EXPECT_EQ(played.tally.connect.count(), 1U);
  EXPECT_EQ(played.tally.response.count(), 1U);
  EXPECT_FALSE(played.abandoned);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.request, "GET /bytes/1024 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(seen.sent, http_answer(kSize).size());
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);
  EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
}

TEST(Polite, EndsByFinEvenWhenTheTargetClosesRightAfterItsAnswer) {
  Script script = answers(kSize);
  script.once_answered = Script::Then::kClose;
  Peer peer(script);
  EXPECT_EQ(play_polite(peer.address()).outcome, Outcome::kDelivered);
}

TEST(Polite, EchoesMoreThanTheSocketsHoldWithoutADeadlock) {
  Peer peer({.echo = true});
  Play play = play_of("polite", peer.address());
  EchoExchange exchange(16 * 1024 * 1024);
  play.exchange = &exchange;
  play.params.timeout = std::chrono::seconds(15);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  EXPECT_EQ(peer.end().received, 16U * 1024 * 1024);
}

TEST(Polite, IsRefusedByAClosedPort) {
  const Played played = play_polite(closed_port());
  EXPECT_EQ(played.outcome, Outcome::kRefused);
  EXPECT_EQ(played.tally.counts, ClientCounts{});
  EXPECT_EQ(played.tally.connect.count(), 0U);
  EXPECT_EQ(played.tally.response.count(), 0U);
  EXPECT_FALSE(played.rig_error);
}

TEST(Polite, TimesOutAtItsDeadlineAndTheResponseCountsThere) {
  Peer peer(never_answers());
  const Played played = play_polite(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  ASSERT_EQ(played.tally.response.count(), 1U);
  EXPECT_GE(played.tally.response.max(), std::chrono::milliseconds(200));
  EXPECT_LT(played.tally.response.max(), std::chrono::seconds(5));
  EXPECT_EQ(played.tally.counts.intended, 0U);
  EXPECT_TRUE(played.abandoned);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST(Polite, TimesOutWhenTheTargetNeverEndsItsSide) {
  Script script = answers(kSize);
  script.at_end_of_input = Script::Then::kStay;
  Peer peer(script);
  const Played played = play_polite(peer.address());
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  // The response had come by then.
  ASSERT_EQ(played.tally.response.count(), 1U);
  EXPECT_LT(played.tally.response.max(), std::chrono::milliseconds(200));
}

TEST(Polite, IsPreemptedByAResetAndByAnAnswerCutShort) {
  for (const Script& script : {resets_when_asked(), closes_in_mid_answer(kSize)}) {
    Peer peer(script);
    const Played played = play_polite(peer.address());
    EXPECT_EQ(played.outcome, Outcome::kPreempted);
    EXPECT_EQ(played.tally.counts.opened, 1U);
    EXPECT_EQ(played.tally.counts.confirmed, 0U);
    EXPECT_EQ(played.tally.counts.wrong, 0U);
    EXPECT_EQ(played.tally.response.count(), 0U);
  }
}

TEST(Polite, CountsWrongBytesOnce) {
  std::string changed = http_answer(kSize);
  changed[changed.size() - 100] ^= 1;
  for (const std::string& answer :
       {changed, http_answer(kSize) + "x", answers_garbage().answer, http_answer(kSize - 1),
        std::string("HTTP/1.1 404 Not Found\r\n"
                    "Content-Length: 0\r\n\r\n")}) {
    Peer peer({.answer = answer});
    const Played played = play_polite(peer.address());
    EXPECT_EQ(played.outcome, Outcome::kDelivered) << answer.substr(0, 60);
    EXPECT_EQ(played.tally.counts.wrong, 1U) << answer.substr(0, 60);
  }
}

TEST(Polite, IsResetWhenCut) {
  Peer peer(never_answers());
  Play play = play_of("polite", peer.address());
  play.params.timeout = std::chrono::minutes(1);
  play.cut_when = [&] { return !peer.seen().empty() && peer.seen()[0].requests == 1; };
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kCut);
  EXPECT_EQ(played.tally.response.count(), 0U);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

}  // namespace
}  // namespace closewait
