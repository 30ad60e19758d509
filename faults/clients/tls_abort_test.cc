#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::seconds;

// What it had sent when it was reset: a few bytes of its hello, all of it, or what ends a
// handshake.
TEST(TlsAbort, ResetsAtEachStageOfTheHandshake) {
  std::set<std::vector<std::int64_t>> stages;
  for (std::uint64_t choices = 0; choices < 40; ++choices) {
    Script script = answers(64);
    script.tls = true;
    Peer peer(script);
    const TlsClientContext tls({});
    CallLog log;
    Play play = play_of("tls-abort", peer.address());
    play.tls = &tls;
    play.log = &log;
    play.params.timeout = seconds(5);
    play.choices = choices;
    expect_delivered(run(play));
    ASSERT_TRUE(peer.eventually([](const auto& all) { return !all.empty() && all[0].over; }));
    const Seen seen = peer.seen()[0];
    EXPECT_FALSE(seen.close_notify);
    EXPECT_EQ(seen.received, 0U);
    std::vector<std::int64_t> stage;
    for (const Call& call : log.calls()) {
      if (call.name == "send") stage.push_back(std::min<std::int64_t>(call.result, 17));
      if (call.what == "MSG_PEEK" && call.result > 0) stage.push_back(0);
    }
    stages.insert(stage);
  }
  const std::set<std::vector<std::int64_t>> expected{{16}, {17}, {17, 0}, {17, 17}};
  EXPECT_EQ(stages, expected);
}

}  // namespace
}  // namespace closewait
