#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::seconds;

TEST(Urgent, SendsAByteOutOfBandAndTheRequestIsIntact) {
  Peer peer(answers(1024));
  Play play = play_of("urgent", peer.address());
  play.params.bytes = 20;
  play.params.timeout = seconds(5);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.urgent, '!');
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_EQ(seen.request.find('!'), std::string::npos);
  EXPECT_EQ(seen.error, 0);
}

}  // namespace
}  // namespace closewait
