#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::seconds;

TEST(TlsNoCloseNotify, HasItsAnswerAndEndsByABareFin) {
  Script script = answers(1024);
  script.tls = true;
  Peer peer(script);
  const TlsClientContext tls({});
  Play play = play_of("tls-no-close-notify", peer.address());
  play.tls = &tls;
  play.params.timeout = seconds(5);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.requests, 1U);
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_FALSE(seen.close_notify);
  EXPECT_EQ(seen.error, 0);
}

}  // namespace
}  // namespace closewait
