#include "loadgen/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"

namespace closewait {
namespace {

using ::testing::HasSubstr;

// One connection of a behaviour, played against a peer.
class Replay : public ::testing::Test {
 protected:
  Replayed play(const std::string& behaviour, const Peer& peer) {
    mix_.behaviour = find_behaviour(behaviour);
    mix_.params = default_params(*mix_.behaviour);
    mix_.params.size = 777;
    mix_.params.timeout = std::chrono::milliseconds(300);
    scenario_.target.dialect = Dialect::kHttp;
    target_ = peer.address();
    return replay({.scenario = &scenario_,
                   .targets = {&target_, 1},
                   .mix = &mix_,
                   .number = 5,
                   .choices = 99});
  }

  Scenario scenario_;
  ClientMix mix_;
  SocketAddress target_;
};

TEST_F(Replay, PlaysOneConnectionToItsEnd) {
  const Peer peer(answers(777));
  const Replayed replayed = play("polite", peer);
  EXPECT_EQ(replayed.tally.counts.of(Outcome::kDelivered), 1U);
  EXPECT_EQ(replayed.tally.response.count(), 1U);
  EXPECT_GE(replayed.took, replayed.tally.response.max());
  const Seen seen = peer.end();
  EXPECT_THAT(seen.request, HasSubstr("GET /bytes/777 "));
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(peer.accepted(), 1U);
}

TEST_F(Replay, PlaysARudeOneAsRudely) {
  const Peer peer(answers(777));
  EXPECT_EQ(play("rst-after-connect", peer).tally.counts.of(Outcome::kDelivered), 1U);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST_F(Replay, EndsByItsOwnDeadline) {
  const Peer peer(never_answers());
  const Replayed replayed = play("polite", peer);
  EXPECT_EQ(replayed.tally.counts.of(Outcome::kTimedOut), 1U);
  EXPECT_GE(replayed.took, std::chrono::milliseconds(300));
}

TEST_F(Replay, ConnectsFromTheSourceOfItsNumber) {
  for (const char* source : {"127.0.0.5", "127.0.0.6"}) {
    scenario_.load.sources.push_back(*SocketAddress::parse_ip(source, 0));
  }
  const Peer peer(answers(777));
  static_cast<void>(play("polite", peer));
  EXPECT_EQ(peer.end().client.address().ip(), "127.0.0.6");
}

}  // namespace
}  // namespace closewait
