#include <gtest/gtest.h>
#include <poll.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

constexpr std::uint64_t kBulk = 8 * 1024 * 1024;

// One read has the request and the next the end: nothing was answered between them.
TEST(FinThenRst, SendsItsRequestAndTheFinTogether) {
  Peer peer(never_answers());
  expect_delivered(run(play_of("fin-then-rst", peer.address())));
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_EQ(seen.reads, 1U);
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
}

TEST(FinThenRst, WhatIsWrittenThenMeetsAReset) {
  Peer peer(answers(kBulk));
  expect_delivered(run(play_of("fin-then-rst", peer.address())));
  ASSERT_TRUE(peer.eventually([](const auto& all) { return !all.empty() && all[0].over; }));
  const Seen seen = peer.seen()[0];
  EXPECT_TRUE(seen.error == EPIPE || seen.error == ECONNRESET) << seen.error;
  EXPECT_GT(seen.sent, 0U);  // the first write was taken
  EXPECT_LT(seen.sent, kBulk);
}

}  // namespace
}  // namespace closewait
