#include <gtest/gtest.h>

#include <algorithm>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

TEST(RstReuse, ResetsByConnectToNobody) {
  Peer peer(never_answers());
  CallLog log;
  Play play = play_of("rst-reuse", peer.address());
  play.log = &log;
  expect_delivered(run(play));
  EXPECT_EQ(peer.end().error, ECONNRESET);
  const auto& calls = log.calls();
  const auto reset = std::ranges::find(calls, "AF_UNSPEC", &Call::what);
  ASSERT_NE(reset, calls.end());
  EXPECT_EQ(reset->name, "connect");
  EXPECT_EQ(reset->result, 0);
}

}  // namespace
}  // namespace closewait
