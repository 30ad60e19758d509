#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TlsSilent, ConnectsAndNeverSaysHello) {
  Script script = answers(64);
  script.tls = true;
  Peer peer(script);
  const TlsClientContext tls({});
  Play play = play_of("tls-silent", peer.address());
  play.tls = &tls;
  play.params.hold = milliseconds(130);
  play.params.timeout = seconds(5);
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(130));
  const Seen seen = peer.end();
  EXPECT_EQ(seen.asked_name, "");
  EXPECT_EQ(seen.received, 0U);
  EXPECT_TRUE(seen.end_of_input);
}

}  // namespace
}  // namespace closewait
