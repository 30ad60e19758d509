#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::seconds;

TEST(OneByte, SendsEachByteInACallAndASegmentOfItsOwn) {
  Peer peer(answers(64));
  Play play = play_of("one-byte", peer.address());
  play.params.timeout = seconds(10);
  CallLog log;
  play.log = &log;
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  std::uint64_t calls = 0;
  for (const Call& call : log.calls()) {
    if (call.name != "send") continue;
    EXPECT_EQ(call.result, 1);
    ++calls;
  }
  EXPECT_EQ(calls, seen.received);
  EXPECT_GT(seen.reads, seen.received / 4);  // a busy peer finds some together
  EXPECT_EQ(seen.requests, 1U);
}

TEST(OneByte, IsOwedTheAnswer) {
  Peer peer(answers(63));
  Play play = play_of("one-byte", peer.address());
  play.params.every = Nanoseconds(0);
  play.params.timeout = seconds(10);
  EXPECT_EQ(run(play).tally.counts.wrong, 1U);
}

}  // namespace
}  // namespace closewait
