// What a connection does to the table of ports, seen through an engine that has one.

#include "loadgen/session.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "faults/clients/peer_for_tests.h"
#include "loadgen/engine.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

class SessionTest : public testing::Test {
 protected:
  Phase phase(std::string_view behaviour, double rate = 500) {
    const Behaviour* row = find_behaviour(behaviour);
    ClientMix mix{.behaviour = row, .weight = 1, .params = default_params(*row)};
    mix.params.size = 64;
    return {.name = "storm",
            .duration = milliseconds(40),
            .rate = {.from = rate, .to = rate},
            .clients = {mix}};
  }

  ClientTally run(const Phase& phase, const SocketAddress& target, PortTable& ports) {
    Scenario scenario;
    scenario.load.arrivals = Arrivals::kEven;
    scenario.target.promises = promises_;
    scenario.cycle = {phase};
    Engine engine({.scenario = &scenario, .targets = {&target, 1}, .ports = &ports});
    engine.begin(phase);
    const Instant deadline = Clock::now() + std::chrono::seconds(20);
    ClientTally tally;
    while (!engine.idle() && Clock::now() < deadline) tally.merge(engine.collect().clients[0]);
    EXPECT_TRUE(engine.idle());
    tally.merge(engine.collect().clients[0]);
    return tally;
  }

  // An address of loopback for each process and test, where every port is free.
  static SocketAddress own_source() {
    static int calls = 0;
    const int pid = ::getpid();
    return SocketAddress::parse_ip(
               fmt::format("127.{}.{}.{}", 1 + (pid >> 8) % 250, pid % 250, 1 + ++calls % 250), 0)
        .value();
  }

  static PortTable table(const SocketAddress& source, std::uint16_t ports = 40) {
    constexpr std::uint16_t kLow = 20000;  // of its own address: in nobody's way
    return PortTable({source}, {kLow, static_cast<std::uint16_t>(kLow + ports - 1)}, 1);
  }
  static PortTable table(std::uint16_t ports = 40) { return table(own_source(), ports); }

  Promises promises_;
};

TEST_F(SessionTest, ConnectsFromThePortsOfTheTableAndLeavesThemByName) {
  Peer peer(answers(64));
  PortTable ports = table();
  const ClientTally tally = run(phase("polite"), peer.address(), ports);
  EXPECT_EQ(tally.counts.planned, 20U);
  ASSERT_GT(tally.counts.of(Outcome::kDelivered), 0U);
  EXPECT_EQ(tally.counts.rig_errors, 0U);
  std::set<Endpoint> named;
  ports.outstanding([&](PortTable::Slot slot, const PortTable::Connection& connection) {
    named.insert(Endpoint::of(ports.address_of(slot)));
    EXPECT_LT(connection.number, 20U);
    EXPECT_FALSE(connection.abandoned);
    EXPECT_GT(connection.ended, Instant{});
  });
  std::set<Endpoint> seen;
  for (const Seen& one : peer.seen()) seen.insert(one.client);
  EXPECT_EQ(named, seen);
  // The events come: every one is reaped.
  for (const Endpoint& client : seen) EXPECT_TRUE(ports.destroyed(client, Clock::now()));
}

TEST_F(SessionTest, GivesThePortOfARefusedConnectionBack) {
  PortTable ports = table(4);
  const ClientTally tally = run(phase("polite"), closed_port(), ports);
  EXPECT_EQ(tally.counts.rig_errors, 0U);
  EXPECT_EQ(tally.counts.of(Outcome::kRefused) + tally.counts.skipped, 20U);
  ports.outstanding([](PortTable::Slot, const PortTable::Connection&) { ADD_FAILURE(); });
}

TEST_F(SessionTest, RunsOutOfPortsByItsOwnError) {
  Peer peer(answers(64));
  PortTable ports = table(4);
  const ClientTally tally = run(phase("rst-after-connect"), peer.address(), ports);
  EXPECT_EQ(tally.counts.opened, 4U);
  EXPECT_EQ(tally.counts.rig_errors + tally.counts.skipped, 16U);
  EXPECT_GT(tally.counts.rig_errors, 0U);
}

// A port of the table that another program holds is passed over.
TEST_F(SessionTest, TriesTheNextPortWhenOneIsTaken) {
  Peer peer(answers(64));
  const SocketAddress source = own_source();
  PortTable ports = table(source);
  const UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto taken = source.with_port(20001);
  ASSERT_EQ(::bind(other.get(), taken.data(), taken.size()), 0);
  const ClientTally tally = run(phase("rst-after-connect"), peer.address(), ports);
  EXPECT_EQ(tally.counts.rig_errors, 0U);
  EXPECT_EQ(tally.counts.opened + tally.counts.skipped, 20U);
  for (const Seen& seen : peer.seen()) EXPECT_NE(seen.client, Endpoint::of(taken));
}

TEST_F(SessionTest, MarksWhatItsBehaviourDidNotEnd) {
  Peer peer(never_answers());
  PortTable ports = table();
  Phase short_lived = phase("polite");
  short_lived.clients[0].params.timeout = milliseconds(50);
  const ClientTally tally = run(short_lived, peer.address(), ports);
  EXPECT_EQ(tally.counts.of(Outcome::kTimedOut), tally.counts.opened);
  std::uint64_t abandoned = 0;
  ports.outstanding([&](PortTable::Slot, const PortTable::Connection& connection) {
    if (connection.abandoned) ++abandoned;
  });
  EXPECT_EQ(abandoned, tally.counts.opened);
}

// How a target treats clients, and what is counted of the responses that it owed them.
struct Treatment {
  const char* name;
  Script script;
  std::string_view behaviour;
  ClientCounts counted{};  // altered and so on, of each connection
};

std::string with_other_byte(std::string answer, std::size_t from_the_end) {
  answer[answer.size() - from_the_end] ^= 1;
  return answer;
}

std::vector<Treatment> treatments() {
  const std::string refusal = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
  const std::string goodbye =
      "HTTP/1.1 200 OK\r\nConnection: close\r\n" + http_answer(64).substr(17);
  const Script ends_after_one{
      .answer = http_answer(64), .answers_at_most = 1, .once_answered = Script::Then::kClose};
  const Script answers_one{.answer = http_answer(64), .answers_at_most = 1};
  const Script says_goodbye{.answer = goodbye, .answers_at_most = 1};
  const Script says_goodbye_and_closes{
      .answer = goodbye, .answers_at_most = 1, .once_answered = Script::Then::kClose};
  return {
      {"As owed", answers(64), "polite"},
      {"Another byte", {.answer = with_other_byte(http_answer(64), 1)}, "polite", {.altered = 1}},
      {"More than owed", {.answer = http_answer(64) + "x"}, "polite", {.altered = 1}},
      {"Another status", {.answer = refusal}, "polite", {.other_status = 1}},
      {"Another status before all was asked", {.greeting = refusal}, "split", {.other_status = 1}},
      {"Ended in the middle", closes_in_mid_answer(64), "half-close", {.truncated = 1}},
      {"Reset without a byte", resets_when_asked(), "split", {.unanswered = 1}},
      {"Never answered", never_answers(), "half-close", {.unanswered = 1}},
      {"May be ended", resets_when_asked(), "slow-write"},
      {"Owed nothing", closes_in_mid_answer(64), "rst-mid-response"},
      {"Ended between two", ends_after_one, "polite-keepalive", {.innocent_closed = 1}},
      {"Answers one of many", answers_one, "pipeline-flood", {.unanswered = 1}},
      {"Said goodbye after one", says_goodbye, "pipeline-flood"},
      {"Said goodbye between two", says_goodbye_and_closes, "polite-keepalive"},
  };
}

TEST_F(SessionTest, CountsTheResponsesThatDidNotComeAsOwed) {
  for (const Treatment& each : treatments()) {
    SCOPED_TRACE(each.name);
    Peer peer(each.script);
    PortTable ports = table();
    Phase one = phase(each.behaviour, 100);
    one.clients[0].params.timeout = milliseconds(300);
    const ClientTally tally = run(one, peer.address(), ports);
    const std::uint64_t opened = tally.counts.opened;
    EXPECT_EQ(opened, 4U);
    EXPECT_EQ(tally.counts.altered, opened * each.counted.altered);
    EXPECT_EQ(tally.counts.other_status, opened * each.counted.other_status);
    EXPECT_EQ(tally.counts.truncated, opened * each.counted.truncated);
    EXPECT_EQ(tally.counts.unanswered, opened * each.counted.unanswered);
    EXPECT_EQ(tally.counts.innocent_closed, opened * each.counted.innocent_closed);
    EXPECT_EQ(tally.first_innocent.has_value(), each.counted.innocent_closed > 0);
    EXPECT_EQ(tally.first_altered.has_value(), each.counted.altered > 0);
    EXPECT_EQ(tally.first_lost.has_value(), each.counted.truncated + each.counted.unanswered > 0);
  }
}

// Who is silent for longer than the target promises to bear, and is not ended, has outstayed it.
TEST_F(SessionTest, CountsThoseWhoOutstayAPromise) {
  Phase one = phase("idle", 100);
  one.clients[0].params.hold = milliseconds(1300);
  for (const auto& [promised, outstay] :
       {std::pair{milliseconds(100), true}, std::pair{milliseconds(300), false}}) {
    Peer peer(never_answers());
    PortTable ports = table();
    promises_.idle_timeout = promised;
    const ClientTally tally = run(one, peer.address(), ports);
    EXPECT_EQ(tally.counts.opened, 4U);
    EXPECT_EQ(tally.counts.outstayed, outstay ? 4U : 0U);
  }
}

// Where the target had the right to end it, and did, there is no end of the client's to be proven.
TEST_F(SessionTest, WhoWasEndedByRightHasNoEndToProve) {
  Peer peer(resets_when_asked());
  PortTable ports = table();
  Phase one = phase("oversized", 100);
  one.clients[0].params = default_params(*one.clients[0].behaviour);
  one.clients[0].params.hold = milliseconds(200);
  const ClientTally tally = run(one, peer.address(), ports);
  EXPECT_EQ(tally.counts.of(Outcome::kDelivered), 4U);
  EXPECT_EQ(tally.counts.intended, tally.counts.confirmed);
}

// The first connection of them, and where in its body the first other byte was.
TEST_F(SessionTest, KeepsTheFirstThatIsWrongAsAnExample) {
  Peer peer({.answer = with_other_byte(http_answer(64), 24)});
  PortTable ports = table();
  const ClientTally tally = run(phase("polite", 100), peer.address(), ports);
  EXPECT_EQ(tally.first_altered, (ResponseExample{.connection = 0, .offset = 40}));
}

}  // namespace
}  // namespace closewait
