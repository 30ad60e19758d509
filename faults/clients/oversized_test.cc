#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kHead = 300 * 1024;

Play play_oversized(const SocketAddress& target, std::uint64_t choices) {
  Play play = play_of("oversized", target);
  play.params.bytes = kHead;
  play.params.hold = milliseconds(50);
  play.params.timeout = seconds(5);
  play.choices = choices;
  return play;
}

// Either of the two, by what it draws.
TEST(Oversized, SendsAHeadWithoutAnEndOrClaimsFourGibibytes) {
  std::uint64_t heads = 0;
  std::uint64_t claims = 0;
  for (std::uint64_t choices = 0; choices < 12; ++choices) {
    Peer peer(never_answers());
    expect_delivered(run(play_oversized(peer.address(), choices)));
    const Seen seen = peer.end();
    EXPECT_EQ(seen.error, 0);
    const bool claim = seen.request.find("Content-Length: 4294967296\r\n\r\n") != std::string::npos;
    if (claim) {
      EXPECT_LT(seen.received, 200U);
    } else {
      EXPECT_GE(seen.received, kHead);
      EXPECT_EQ(seen.requests, 0U);
    }
    (claim ? claims : heads) += 1;
  }
  EXPECT_GT(heads, 0U);
  EXPECT_GT(claims, 0U);
}

// It is over the limit, and told so: by an answer, a close or a reset.
TEST(Oversized, IsDeliveredAlsoWhenTheTargetEndsIt) {
  for (const auto then : {Script::Then::kClose, Script::Then::kReset}) {
    Script script;
    script.once_received = {.bytes = 20, .then = then};
    Peer peer(script);
    for (std::uint64_t choices = 0; choices < 6; ++choices) {
      EXPECT_EQ(run(play_oversized(peer.address(), choices)).outcome, Outcome::kDelivered);
    }
  }
}

}  // namespace
}  // namespace closewait
