#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

TEST(ConnectChurn, ConnectsAndClosesAndSaysNothing) {
  Peer peer(answers(64));
  const Played played = run(play_of("connect-churn", peer.address()));
  expect_delivered(played);
  EXPECT_EQ(played.tally.connect.count(), 1U);
  EXPECT_EQ(played.tally.response.count(), 0U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.received, 0U);
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);
}

TEST(ConnectChurn, IsRefusedByAClosedPort) {
  EXPECT_EQ(run(play_of("connect-churn", closed_port())).outcome, Outcome::kRefused);
}

}  // namespace
}  // namespace closewait
