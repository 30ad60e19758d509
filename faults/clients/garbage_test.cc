#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Garbage, SendsWhatIsNoRequestOfThreeKinds) {
  std::uint64_t nuls = 0;
  std::uint64_t hellos = 0;
  std::uint64_t others = 0;
  for (std::uint64_t choices = 0; choices < 24; ++choices) {
    Peer peer(never_answers());
    Play play = play_of("garbage", peer.address());
    play.params.hold = milliseconds(10);
    play.params.timeout = seconds(5);
    play.choices = choices;
    expect_delivered(run(play));
    const Seen seen = peer.end();
    EXPECT_GT(seen.received, 0U);
    EXPECT_FALSE(seen.request.starts_with("GET"));
    if (seen.request.find_first_not_of('\0') == std::string::npos) {
      ++nuls;
    } else if (seen.request.starts_with("\x16\x03\x01")) {
      ++hellos;
    } else {
      ++others;
    }
  }
  EXPECT_GT(nuls, 0U);
  EXPECT_GT(hellos, 0U);
  EXPECT_GT(others, 0U);
}

TEST(Garbage, IsDeliveredAlsoWhenTheTargetResetsIt) {
  Script script;
  script.once_received = {.bytes = 1, .then = Script::Then::kReset};
  Peer peer(script);
  Play play = play_of("garbage", peer.address());
  EXPECT_EQ(run(play).outcome, Outcome::kDelivered);
}

}  // namespace
}  // namespace closewait
