#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SlowBody, SendsTheHeadAtOnceAndTheBodySlowly) {
  Script script = answers(16);
  script.answers_at_end = true;
  Peer peer(script);
  Play play = play_of("slow-body", peer.address());
  play.params.size = 100;
  play.params.bytes = 10;
  play.params.every = milliseconds(5);
  const Played played = run(play);
  // The peer, who waits for the end of input, leaves it to its deadline.
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  const Seen seen = peer.seen()[0];
  const std::size_t head = seen.request.find("\r\n\r\n") + 4;
  EXPECT_NE(seen.request.find("Content-Length: 100\r\n"), std::string::npos);
  EXPECT_EQ(seen.received, head + 100);
  EXPECT_GE(seen.reads, 3U);
}

TEST(SlowBody, TakesAnyAnswerAndReadsIt) {
  Peer peer({.answer = "HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nno"});
  Play play = play_of("slow-body", peer.address());
  play.params.size = 40;
  play.params.every = milliseconds(2);
  play.params.timeout = seconds(10);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
}

}  // namespace
}  // namespace closewait
