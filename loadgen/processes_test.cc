#include "loadgen/processes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <fstream>
#include <set>

#include "faults/clients/peer_for_tests.h"
#include "loadgen/engine.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::uint64_t kSize = 64;
constexpr PortTable::Range kPorts{30'000, 30'999};

ClientMix mix_of(std::string_view name, double weight) {
  const Behaviour* behaviour = find_behaviour(name);
  ClientMix one{.behaviour = behaviour, .weight = weight, .params = default_params(*behaviour)};
  one.params.size = kSize;
  return one;
}

Scenario scenario_of(double rate, Nanoseconds duration) {
  Scenario scenario{.seed = 42};
  scenario.load.arrivals = Arrivals::kEven;
  scenario.cycle = {{.name = "storm",
                     .duration = duration,
                     .rate = {.from = rate, .to = rate},
                     .clients = {mix_of("polite", 50), mix_of("rst-after-connect", 30),
                                 mix_of("half-close", 20)}}};
  return scenario;
}

std::set<pid_t> children() {
  std::ifstream list("/proc/thread-self/children");
  std::set<pid_t> all;
  for (pid_t child = 0; list >> child;) all.insert(child);
  return all;
}

// Plays the scenario's one phase to its end and gives all that was counted.
Tally played_by(Generator& generator, const Scenario& scenario) {
  generator.begin(scenario.cycle.front());
  Tally sum(scenario.behaviours().size());
  const Instant deadline = Clock::now() + seconds(20);
  while (!generator.idle() && Clock::now() < deadline) {
    sum.merge(generator.report().tally);
    static_cast<void>(::poll(nullptr, 0, 1));
  }
  const Generator::Report last = generator.report();
  EXPECT_EQ(last.open, 0U);
  EXPECT_EQ(generator.trouble(), "");
  sum.merge(last.tally);
  return sum;
}

std::vector<std::uint64_t> planned_in(const Tally& tally) {
  std::vector<std::uint64_t> planned;
  for (const ClientTally& each : tally.clients) planned.push_back(each.counts.planned);
  return planned;
}

TEST(Processes, BeginWhatOneProcessWould) {
  const Scenario scenario = scenario_of(20'000, milliseconds(100));
  const SocketAddress nobody = closed_port();
  std::vector<std::uint64_t> one;
  {  // its threads have ended when the others are forked
    Engine engine({.scenario = &scenario, .targets = {&nobody, 1}});
    one = planned_in(played_by(engine, scenario));
  }
  for (const Spread& spread : {Spread{2, 1}, Spread{3, 2}}) {
    Processes processes({.scenario = &scenario, .spread = spread, .ports = kPorts});
    ASSERT_FALSE(processes.aim({nobody}, {}));
    const Tally tally = played_by(processes, scenario);
    EXPECT_EQ(planned_in(tally), one);
    std::uint64_t refused = 0;
    std::uint64_t skipped = 0;
    for (const ClientTally& each : tally.clients) {
      refused += each.counts.of(Outcome::kRefused);
      skipped += each.counts.skipped;
    }
    EXPECT_EQ(refused + skipped, 2'000U);
    EXPECT_EQ(tally.lag.count(), refused);
  }
}

// What a client of another process leaves outstanding is known here, by its number and behaviour.
TEST(Processes, TakePortsOfTheirOwnFromOneTable) {
  const Scenario scenario = scenario_of(1'000, milliseconds(200));
  Processes processes({.scenario = &scenario, .spread = {3, 1}, .ports = kPorts});
  Peer peer(answers(kSize));
  const auto source = SocketAddress::parse("127.91.0.2:0").value();
  const auto ports = processes.aim({peer.address()}, {source});
  ASSERT_TRUE(ports);
  const Tally tally = played_by(processes, scenario);
  std::uint64_t opened = 0;
  for (const ClientTally& each : tally.clients) opened += each.counts.opened;
  EXPECT_GT(opened, 0U);
  // Nobody reads destroy events here, so all of them stay in the table, each once.
  EXPECT_EQ(ports->outstanding_count(), opened);
  std::set<std::uint64_t> numbers;
  std::vector<std::uint64_t> by_behaviour(3);
  ports->outstanding([&](PortTable::Slot, const PortTable::Connection& connection) {
    numbers.insert(connection.number);
    ++by_behaviour[connection.behaviour];
  });
  EXPECT_EQ(numbers.size(), opened);
  for (std::size_t i = 0; i < by_behaviour.size(); ++i) {
    EXPECT_EQ(by_behaviour[i], tally.clients[i].counts.opened);
  }
  EXPECT_TRUE(peer.eventually([&](const auto& all) { return all.size() == opened; }));
  std::set<Endpoint> clients;
  for (const Seen& seen : peer.seen()) clients.insert(seen.client);
  EXPECT_EQ(clients.size(), opened);
}

TEST(Processes, EndWithTheirOwner) {
  const Scenario scenario = scenario_of(1'000, seconds(60));
  Peer* peer = nullptr;
  std::set<pid_t> before = children();
  {
    Processes processes({.scenario = &scenario, .spread = {3, 1}, .ports = kPorts});
    EXPECT_EQ(children().size(), before.size() + 3);
    Peer stays(never_answers());
    peer = &stays;
    static_cast<void>(processes.aim({peer->address()}, {}));
    processes.begin(scenario.cycle.front());
    EXPECT_TRUE(peer->eventually([](const auto& all) { return all.size() > 30; }));
  }
  EXPECT_EQ(children(), before);
}

TEST(Processes, SayWhichOfThemEndedAndPlayOnWithTheOthers) {
  const Scenario scenario = scenario_of(100, milliseconds(100));
  const std::set<pid_t> before = children();
  Processes processes({.scenario = &scenario, .spread = {3, 1}, .ports = kPorts});
  static_cast<void>(processes.aim({closed_port()}, {}));
  EXPECT_EQ(processes.trouble(), "");
  std::set<pid_t> now = children();
  for (const pid_t each : before) now.erase(each);
  const pid_t victim = *now.rbegin();
  ::kill(victim, SIGTERM);  // which a process that has no Interrupt heeds
  pollfd wait{processes.trouble_fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
  EXPECT_THAT(processes.trouble(), HasSubstr("process " + std::to_string(victim)));
  EXPECT_THAT(processes.trouble(), HasSubstr("was killed by signal 15 (Terminated)"));
  EXPECT_EQ(::poll(&wait, 1, 0), 0);  // told once
  processes.cut();
  EXPECT_TRUE(processes.idle());
}

}  // namespace
}  // namespace closewait
