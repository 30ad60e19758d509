#include <gtest/gtest.h>

#include <vector>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Split, CutsWhereItIsTold) {
  Peer peer(answers(1024));
  for (const std::uint64_t cut : {1U, 20U, 37U}) {
    Play play = play_of("split", peer.address());
    play.params.bytes = cut;
    play.params.wait = milliseconds(40);
    play.params.timeout = seconds(5);
    CallLog log;
    play.log = &log;
    const Played played = run(play);
    expect_delivered(played);
    EXPECT_EQ(played.tally.response.count(), 1U);
    std::vector<std::int64_t> sent;
    for (const Call& call : log.calls()) {
      if (call.name == "send") sent.push_back(call.result);
    }
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0], static_cast<std::int64_t>(cut));
  }
  for (const Seen& seen : peer.seen()) {
    EXPECT_EQ(seen.requests, 1U);
    EXPECT_EQ(seen.reads, 2U);
  }
}

// The same answer wherever the cut is: a target that reads once is found by each.
TEST(Split, IsOwedTheAnswer) {
  Peer peer(never_answers());
  EXPECT_EQ(run(play_of("split", peer.address())).outcome, Outcome::kTimedOut);
  Peer wrong(answers(1023));
  EXPECT_EQ(run(play_of("split", wrong.address())).tally.counts.wrong, 1U);
}

}  // namespace
}  // namespace closewait
