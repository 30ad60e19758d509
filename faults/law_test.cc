// What holds for every behaviour of the catalogue, whatever the target does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <vector>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"
#include "faults/echo_exchange.h"
#include "faults/offer.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using Then = Script::Then;

constexpr Nanoseconds kTimeout = milliseconds(120);
constexpr Nanoseconds kSlack = std::chrono::seconds(3);  // of a busy machine

struct World {
  std::string name;
  Script script;
};

std::vector<World> worlds(std::uint64_t size) {
  Script stays = answers(size);
  stays.at_end_of_input = Then::kStay;
  Script flood = answers(size);
  flood.endless = true;
  Script half = closes_in_mid_answer(size);
  half.once_answered = Then::kStay;
  Script resets_half = half;
  resets_half.once_answered = Then::kReset;
  Script closes = answers(size);
  closes.once_answered = Then::kClose;
  Script late = answers(size);
  late.answers_at_end = true;
  return {{"answers", answers(size)},
          {"answers and closes", closes},
          {"answers and never ends", stays},
          {"answers and never stops", flood},
          {"answers at the end of input", late},
          {"answers half", half},
          {"answers half and closes", closes_in_mid_answer(size)},
          {"answers half and resets", resets_half},
          {"never answers", never_answers()},
          {"answers garbage", answers_garbage()},
          {"echoes", {.echo = true}},
          {"resets when asked", resets_when_asked()},
          {"greets", {.greeting = "220 ready\r\n"}},
          {"resets at once", {.once_accepted = Then::kReset}},
          {"closes at once", {.once_accepted = Then::kClose}}};
}

// The target may end the connection before the client does.
bool ends_first(const Script& script) {
  return script.once_accepted != Then::kStay || script.once_answered != Then::kStay;
}

void expect_consistent(const Played& played, const Behaviour& behaviour, const Script& script) {
  const ClientCounts& counts = played.tally.counts;
  const bool delivered = played.outcome == Outcome::kDelivered;
  const bool tls = script.tls;
  EXPECT_EQ(counts.opened, played.outcome == Outcome::kRefused ? 0U : 1U);
  // A handshake that comes to nothing took no time to connect.
  if (!tls || delivered) {
    EXPECT_EQ(played.tally.connect.count(), counts.opened);
  }
  EXPECT_LE(played.tally.connect.count(), counts.opened);
  EXPECT_LE(counts.confirmed, counts.intended);
  EXPECT_LE(counts.intended, counts.opened);
  EXPECT_LE(counts.wrong, delivered ? 1U : 0U);
  EXPECT_EQ(counts.rig_errors, 0U);
  EXPECT_FALSE(played.rig_error);
  if (delivered && counts.wrong == 0 && !ends_first(script)) {
    EXPECT_EQ(counts.confirmed, 1U) << "delivered without proof";
  }
  const bool owed = behaviour.owed != Owed::kNothing && behaviour.owed != Owed::kResponseOrEnd;
  if (delivered && counts.wrong == 0 && owed) {
    EXPECT_GE(played.tally.response.count(), 1U);
  }
  if (behaviour.owed == Owed::kNothing) {
    EXPECT_EQ(counts.wrong, 0U);
  }
}

// How a client ended is how the peer saw it end, unless the peer went first.
void expect_end(const Played& played, const Behaviour& behaviour, const Script& script,
                const Peer& peer) {
  if (ends_first(script)) return;
  if (behaviour.end == End::kVanish && !played.abandoned) return;  // its own test
  const bool by_fin = behaviour.end == End::kFin && !played.abandoned;
  // What is written to a client that has closed meets a reset, which may come before the end is
  // read.
  const bool speaks_at_once = script.tls || !script.greeting.empty();
  const bool is_written_to = script.endless || behaviour.name == "fin-then-rst" ||
                             (speaks_at_once && behaviour.name == "connect-churn");
  EXPECT_TRUE(peer.eventually([&](const auto& all) {
    if (all.empty()) return false;
    // OpenSSL keeps to itself what meets its session tickets; that nothing can be written tells.
    const bool reset = all[0].error != 0 || (script.tls && (all[0].flags & POLLHUP) != 0);
    // What is left unread of TLS makes a reset of the end, behind a FIN that the peer may have
    // heeded.
    const bool fin_came_first = script.tls && played.abandoned && behaviour.end == End::kFin;
    const bool fin = all[0].end_of_input;
    return by_fin ? fin || (is_written_to && reset) : reset || (fin && fin_came_first);
  }));
  if (by_fin && !is_written_to) {
    EXPECT_EQ(peer.seen()[0].error, 0);
    const bool says_farewell = behaviour.name != "tls-silent" &&
                               behaviour.name != "tls-no-close-notify" &&
                               behaviour.name != "connect-churn";
    EXPECT_EQ(peer.seen()[0].close_notify, script.tls && says_farewell);
  }
  if (is_reset(behaviour.end)) {
    EXPECT_FALSE(peer.seen()[0].close_notify);
  }
}

class LawOf : public testing::TestWithParam<std::string_view> {
 protected:
  static Play play(const SocketAddress& target) {
    Play play = play_of(GetParam(), target);
    play.params.timeout = kTimeout;
    return play;
  }

  static void expect_law(World world, const TlsClientContext* tls) {
    SCOPED_TRACE(world.name);
    world.script.tls = tls != nullptr;
    const std::size_t before = open_descriptors();
    {
      Peer peer(world.script);
      Play played_here = play(peer.address());
      played_here.tls = tls;
      const Played played = run(played_here);
      ASSERT_TRUE(played.ended);
      EXPECT_LT(played.took, kTimeout + kSlack);
      expect_consistent(played, *played_here.behaviour, world.script);
      expect_end(played, *played_here.behaviour, world.script, peer);
    }
    EXPECT_EQ(open_descriptors(), before);
  }

  static void expect_echo(const TlsClientContext* tls) {
    Offer offer{.tls = tls != nullptr, .grammar = false, .body = false};
    offer.net_admin = may_vanish();
    if (!obstacle(*find_behaviour(GetParam()), offer).empty()) return;
    const Script script{.tls = tls != nullptr, .echo = true};
    Peer peer(script);
    Play echoed = play(peer.address());
    echoed.params.size = sends_little_at_a_time() ? 64 : 256 * 1024;
    echoed.params.requests = std::min<std::uint64_t>(echoed.params.requests, 10);
    echoed.params.hold = Nanoseconds(0);
    echoed.params.timeout = std::chrono::seconds(10);
    EchoExchange exchange(echoed.params.size);
    echoed.exchange = &exchange;
    echoed.tls = tls;
    const Played played = run(echoed);
    EXPECT_EQ(played.outcome, Outcome::kDelivered);
    EXPECT_EQ(played.tally.counts.wrong, 0U);
    expect_consistent(played, *echoed.behaviour, script);
  }

  // By a peer that gives it what it needs; `ended` is told what that one saw of it.
  static void expect_delivered_at(const std::string& address,
                                  const std::function<void(const Seen&, const Behaviour&)>& ended) {
    const std::size_t before = open_descriptors();
    {
      constexpr std::uint64_t kSize = 64 * 1024;
      const Script script = speaks_first() ? Script{.greeting = "220 ready\r\n"} : answers(kSize);
      Peer peer(script, address);
      Play there = play(peer.address());
      if (!there.behaviour->needs.body && !sends_little_at_a_time()) there.params.size = kSize;
      // Less than it has in store, so that there is a rest.
      if (there.params.bytes >= kSize) there.params.bytes = kSize / 2;
      there.params.hold = Nanoseconds(0);
      there.params.timeout = std::chrono::seconds(10);
      const Played played = run(there);
      // There nothing holds a request back for the end, so the answer may come before it.
      const bool may_be_late = peer.address().is_unix() && GetParam() == "fin-then-rst";
      if (!may_be_late || played.outcome != Outcome::kPreempted) {
        EXPECT_EQ(played.outcome, Outcome::kDelivered);
      }
      expect_consistent(played, *there.behaviour, script);
      ended(peer.end(), *there.behaviour);
    }
    EXPECT_EQ(open_descriptors(), before);
  }

  static bool speaks_first() { return find_behaviour(GetParam())->needs.greeting; }
  // It is over before anybody could cut it, in some of the worlds at least.
  static bool waits_for_nothing() {
    constexpr std::string_view kAll[] = {"rst-before-accept", "rst-reuse",     "rst-unread",
                                         "fin-then-rst",      "connect-churn", "tls-abort"};
    return std::ranges::find(kAll, GetParam()) != std::end(kAll);
  }
  static bool is_of_tls() { return find_behaviour(GetParam())->needs.tls; }
  static bool sends_little_at_a_time() {
    return GetParam() == "slow-write" || GetParam() == "one-byte";
  }
};

TEST_P(LawOf, EndsByItsDeadlineInEveryWorldAndLeavesNoDescriptor) {
  if (is_of_tls()) return;
  for (const World& world : worlds(play({}).params.size)) expect_law(world, nullptr);
}

TEST_P(LawOf, HoldsOverTlsAsWell) {
  const TlsClientContext tls({});
  for (const World& world : worlds(play({}).params.size)) expect_law(world, &tls);
}

TEST_P(LawOf, IsRefusedByAClosedPortAtOnce) {
  const std::size_t before = open_descriptors();
  const Played played = run(play(closed_port()));
  ASSERT_TRUE(played.ended);
  EXPECT_EQ(played.outcome, Outcome::kRefused);
  EXPECT_EQ(played.tally, ClientTally{});
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(LawOf, HonoursACut) {
  const TlsClientContext tls({});
  for (const Script& script : {never_answers(), closes_in_mid_answer(play({}).params.size)}) {
    Script stays = script;
    stays.tls = is_of_tls();
    stays.once_answered = stays.at_end_of_input = Then::kStay;
    const std::size_t before = open_descriptors();
    {
      Peer peer(stays);
      Play cut = play(peer.address());
      cut.params.timeout = cut.params.wait = cut.params.hold = std::chrono::minutes(1);
      cut.params.bytes = cut.params.size;  // more than comes
      cut.tls = stays.tls ? &tls : nullptr;
      cut.cut_when = [&] { return peer.accepted() == 1; };
      const Played played = run(cut);
      ASSERT_TRUE(played.ended);
      if (!waits_for_nothing()) {
        EXPECT_EQ(played.outcome, Outcome::kCut);
      }
      EXPECT_LT(played.took, kSlack);
      expect_end(played, *cut.behaviour, stays, peer);
      expect_consistent(played, *cut.behaviour, stays);
    }
    EXPECT_EQ(open_descriptors(), before);
  }
}

TEST_P(LawOf, EchoesAsWell) { expect_echo(nullptr); }

TEST_P(LawOf, EchoesOverTls) {
  const TlsClientContext tls({});
  expect_echo(&tls);
}

// A row whose end is a reset has nothing to show on a Unix socket, which knows none.
TEST_P(LawOf, WorksOverAUnixSocketUnlessItsRowSaysTcp) {
  if (find_behaviour(GetParam())->needs.tcp || is_of_tls()) return;
  const auto path = std::filesystem::temp_directory_path() /
                    ("closewait-law-" + std::to_string(::getpid()) + ".sock");
  expect_delivered_at("unix:" + path.string(), [](const Seen& seen, const Behaviour& behaviour) {
    // What was left unread, or cannot be sent any more, is told there too.
    const bool is_told = behaviour.end == End::kUnread || GetParam() == "fin-then-rst";
    if (!is_told) {
      EXPECT_EQ(seen.error, 0);
    }
  });
}

TEST_P(LawOf, WorksOverIpv6AndEndsInTheFlagsOfItsRow) {
  const bool vanishes = find_behaviour(GetParam())->end == End::kVanish;  // its own test
  if (is_of_tls() || vanishes) return;
  expect_delivered_at("[::1]:0", [](const Seen& seen, const Behaviour& behaviour) {
    if (is_reset(behaviour.end)) {
      EXPECT_THAT(seen.error, testing::AnyOf(ECONNRESET, EPIPE));
      EXPECT_EQ(seen.flags & (POLLERR | POLLHUP | POLLRDHUP), POLLERR | POLLHUP | POLLRDHUP);
    } else if (GetParam() != "fin-then-rst") {
      EXPECT_EQ(seen.error, 0);
      EXPECT_TRUE(seen.end_of_input);
      EXPECT_EQ(seen.flags & (POLLIN | POLLRDHUP | POLLERR), POLLIN | POLLRDHUP);
    }
  });
}

std::string test_name(const testing::TestParamInfo<std::string_view>& info) {
  std::string name(info.param);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, LawOf,
                         testing::ValuesIn(behaviour_names().begin(), behaviour_names().end()),
                         test_name);

}  // namespace
}  // namespace closewait
