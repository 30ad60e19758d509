#include "loadgen/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "faults/clients/peer_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kSize = 64;

ClientMix mix(std::string_view name, double weight) {
  const Behaviour* behaviour = find_behaviour(name);
  ClientMix one{.behaviour = behaviour, .weight = weight, .params = default_params(*behaviour)};
  one.params.size = kSize;
  one.params.bytes = 1;
  return one;
}

Phase phase(double rate, Nanoseconds duration, std::vector<ClientMix> clients) {
  return {.name = "storm",
          .duration = duration,
          .rate = {.from = rate, .to = rate},
          .clients = std::move(clients)};
}

Phase mixed(double rate, Nanoseconds duration) {
  return phase(rate, duration,
               {mix("polite", 50), mix("rst-after-connect", 30), mix("half-close", 20)});
}

// An engine over one phase, aimed at an address, and all that it counted.
class Load {
 public:
  Load(const Phase& phase, const SocketAddress& target, LoadSpec load = {}, std::uint64_t seed = 1)
      : Load(phase, std::vector{target}, std::move(load), seed) {}
  Load(const Phase& phase, std::vector<SocketAddress> targets, LoadSpec load = {},
       std::uint64_t seed = 1)
      : phase_(phase), targets_(std::move(targets)) {
    scenario_.seed = seed;
    scenario_.load = std::move(load);
    scenario_.cycle = {phase};
    scenario_.target.dialect = Dialect::kHttp;
    tally_ = Tally(scenario_.behaviours().size());
    engine_.emplace(Engine::Setup{.scenario = &scenario_, .targets = targets_, .ports = nullptr});
  }

  void begin() { engine_->begin(phase_); }
  bool eventually(const std::function<bool()>& reached, Nanoseconds patience = seconds(20)) {
    const Instant deadline = Clock::now() + patience;
    while (!reached()) {
      tally_.merge(engine_->collect());
      if (Clock::now() > deadline) return false;
    }
    tally_.merge(engine_->collect());
    return true;
  }
  bool until_idle(Nanoseconds patience = seconds(20)) {
    return eventually([&] { return engine_->idle(); }, patience);
  }
  bool run() {
    begin();
    return until_idle();
  }

  Engine& engine() { return *engine_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] const ClientCounts& counts(std::size_t behaviour) const {
    return tally_.clients[behaviour].counts;
  }
  [[nodiscard]] ClientCounts sum() const {
    ClientCounts sum;
    for (const ClientTally& clients : tally_.clients) sum += clients.counts;
    return sum;
  }

 private:
  Phase phase_;
  std::vector<SocketAddress> targets_;
  Scenario scenario_;
  Tally tally_;
  std::optional<Engine> engine_;
};

LoadSpec workers(std::uint64_t count) { return {.arrivals = Arrivals::kEven, .workers = count}; }

// Of an engine that is idle.
void expect_accounted(const ClientCounts& counts) {
  EXPECT_EQ(counts.planned,
            counts.skipped + counts.opened + counts.of(Outcome::kRefused) + counts.rig_errors);
  EXPECT_EQ(counts.opened, counts.of(Outcome::kDelivered) + counts.of(Outcome::kPreempted) +
                               counts.of(Outcome::kTimedOut) + counts.of(Outcome::kCut));
  EXPECT_LE(counts.confirmed, counts.intended);
}

TEST(Engine, BeginsEveryPlannedConnectionAndAccountsForIt) {
  for (const std::uint64_t count : {1U, 4U}) {
    Peer peer(answers(kSize));
    Load load(mixed(1000, milliseconds(500)), peer.address(), workers(count));
    ASSERT_TRUE(load.run());
    for (std::size_t i = 0; i < 3; ++i) expect_accounted(load.counts(i));
    const ClientCounts sum = load.sum();
    EXPECT_EQ(sum.planned, 500U);
    EXPECT_EQ(sum.of(Outcome::kDelivered) + sum.skipped, 500U);
    EXPECT_EQ(sum.confirmed, sum.opened);
    EXPECT_EQ(load.engine().open(), 0U);
    EXPECT_EQ(load.tally().lag.count(), 500U - sum.skipped);
    // And the peer saw as many.
    EXPECT_TRUE(peer.eventually([&](const auto& all) {
      return all.size() == sum.opened &&
             std::ranges::all_of(all, [](const Seen& seen) { return seen.over; });
    }));
    const auto all = peer.seen();
    const auto resets = std::ranges::count_if(all, [](const Seen& s) { return s.error != 0; });
    EXPECT_EQ(static_cast<std::uint64_t>(resets), load.counts(1).opened);
  }
}

std::vector<std::uint64_t> planned_by_behaviour(std::uint64_t count, std::uint64_t seed) {
  Load load(mixed(20000, milliseconds(100)), closed_port(), workers(count), seed);
  EXPECT_TRUE(load.run());
  return {load.counts(0).planned, load.counts(1).planned, load.counts(2).planned};
}

TEST(Engine, ChoosesBySeedAndNumberWhoeverRunsIt) {
  const auto one = planned_by_behaviour(1, 42);
  EXPECT_EQ(one[0] + one[1] + one[2], 2000U);
  EXPECT_EQ(planned_by_behaviour(4, 42), one);
  EXPECT_EQ(planned_by_behaviour(1, 42), one);
  EXPECT_NE(planned_by_behaviour(1, 43), one);
  // By the weights.
  EXPECT_NEAR(static_cast<double>(one[0]), 1000, 120);
  EXPECT_NEAR(static_cast<double>(one[1]), 600, 120);
  EXPECT_NEAR(static_cast<double>(one[2]), 400, 120);
}

// Sources are dealt out by number, so the peer can tell which number came with which behaviour: of
// the numbers with one remainder, the requests are the polite ones.
std::map<std::string, std::uint64_t> requests_by_source(std::uint64_t count) {
  Peer peer(answers(kSize));
  LoadSpec spec = workers(count);
  for (int i = 2; i < 9; ++i) {
    spec.sources.push_back(SocketAddress::parse_ip("127.0.0." + std::to_string(i), 0).value());
  }
  const Phase two =
      phase(400, milliseconds(500), {mix("polite", 50), mix("rst-after-connect", 50)});
  Load load(two, peer.address(), spec);
  EXPECT_TRUE(load.run());
  const ClientCounts sum = load.sum();
  EXPECT_EQ(sum.opened + sum.skipped, 200U);
  EXPECT_TRUE(peer.eventually([&](const auto& all) {
    return all.size() == sum.opened &&
           std::ranges::all_of(all, [](const Seen& seen) { return seen.over; });
  }));
  std::map<std::string, std::uint64_t> requests;
  for (const Seen& seen : peer.seen()) requests[seen.client.address().ip()] += seen.requests;
  return requests;
}

TEST(Engine, GivesTheSameNumberTheSameBehaviourWithAnyNumberOfWorkers) {
  const auto one = requests_by_source(1);
  EXPECT_EQ(one.size(), 7U);
  EXPECT_EQ(requests_by_source(4), one);
}

// From each source to each address, whatever the number of workers.
TEST(Engine, TakesTheTargetsAddressesInTurn) {
  for (const std::uint64_t count : {1U, 2U}) {
    std::array<std::optional<Peer>, 2> peers;
    std::vector<SocketAddress> targets;
    for (auto& each : peers) targets.push_back(each.emplace(answers(kSize)).address());
    LoadSpec spec = workers(count);
    for (const char* ip : {"127.0.0.2", "127.0.0.3"}) {
      spec.sources.push_back(SocketAddress::parse_ip(ip, 0).value());
    }
    Load load(phase(400, milliseconds(500), {mix("polite", 1)}), targets, spec);
    ASSERT_TRUE(load.run());
    ASSERT_EQ(load.sum().opened, 200U);
    for (auto& each : peers) {
      EXPECT_EQ(each->accepted(), 100U);
      std::map<std::string, int> sources;
      for (const Seen& seen : each->seen()) ++sources[seen.client.address().ip()];
      EXPECT_EQ(sources, (std::map<std::string, int>{{"127.0.0.2", 50}, {"127.0.0.3", 50}}));
    }
  }
}

TEST(Engine, CountsARefusal) {
  Load load(mixed(1000, milliseconds(100)), closed_port());
  ASSERT_TRUE(load.run());
  const ClientCounts sum = load.sum();
  expect_accounted(sum);
  EXPECT_EQ(sum.of(Outcome::kRefused) + sum.skipped, 100U);
  EXPECT_GT(sum.of(Outcome::kRefused), 0U);
  EXPECT_EQ(sum.opened, 0U);
  EXPECT_EQ(sum.rig_errors, 0U);
}

TEST(Engine, SkipsWhatExceedsOpenAtMost) {
  for (const auto& [count, most] : {std::pair{1U, 10U}, {4U, 10U}, {4U, 3U}}) {
    Peer peer(never_answers());
    LoadSpec spec = workers(count);
    spec.open_at_most = most;
    Load load(phase(1000, milliseconds(200), {mix("polite", 1)}), peer.address(), spec);
    load.begin();
    ASSERT_TRUE(load.eventually([&] { return load.sum().planned == 200; }));
    EXPECT_EQ(load.sum().skipped, 200U - most) << count << " workers";
    EXPECT_EQ(load.engine().open(), most);
    load.engine().cut();
    ASSERT_TRUE(load.until_idle());
    expect_accounted(load.sum());
    EXPECT_EQ(load.sum().of(Outcome::kCut), most);
    EXPECT_LE(peer.accepted(), most);
  }
}

TEST(Engine, SkipsWhatExceedsAtMostOfItsBehaviourOnly) {
  for (const std::uint64_t count : {1U, 4U}) {
    Peer peer(never_answers());
    ClientMix few = mix("polite", 50);
    few.at_most = 6;
    Load load(phase(1000, milliseconds(200), {few, mix("half-close", 50)}), peer.address(),
              workers(count));
    load.begin();
    ASSERT_TRUE(load.eventually([&] { return load.sum().planned == 200; }));
    EXPECT_EQ(load.counts(0).skipped, load.counts(0).planned - 6);
    EXPECT_EQ(load.counts(1).skipped, 0U);
    load.engine().cut();
    ASSERT_TRUE(load.until_idle());
    EXPECT_EQ(load.counts(0).opened, 6U);
    expect_accounted(load.sum());
  }
}

TEST(Engine, CutEndsEverythingWithinASecond) {
  for (const std::uint64_t count : {1U, 4U}) {
    Peer peer(never_answers());
    ClientMix lingers = mix("rst-after-connect", 1);
    lingers.params.wait = lingers.params.timeout = std::chrono::minutes(1);
    Load load(phase(200, std::chrono::minutes(1), {mix("polite", 1), lingers}), peer.address(),
              workers(count));
    load.begin();
    ASSERT_TRUE(load.eventually([&] { return load.engine().open() >= 20; }));
    EXPECT_FALSE(load.engine().idle());
    load.engine().cut();
    EXPECT_TRUE(load.until_idle(seconds(1)));
    const ClientCounts sum = load.sum();
    expect_accounted(sum);
    EXPECT_EQ(sum.planned, 12000U);  // what was not begun is skipped
    EXPECT_EQ(sum.of(Outcome::kCut), sum.opened);
    EXPECT_TRUE(peer.eventually([](const auto& all) {
      return std::ranges::all_of(all, [](const Seen& seen) { return seen.error != 0; });
    }));
  }
}

// However early it comes, no client is missed.
TEST(Engine, CutMissesNoClientThatIsJustBeginning) {
  Peer peer(never_answers());
  for (int i = 0; i < 30; ++i) {
    Load load(phase(20000, milliseconds(50), {mix("polite", 1)}), peer.address());
    load.begin();
    ASSERT_TRUE(
        load.eventually([&] { return load.engine().open() >= static_cast<std::uint64_t>(i); }));
    load.engine().cut();
    ASSERT_TRUE(load.until_idle(seconds(1))) << i;
    expect_accounted(load.sum());
  }
}

TEST(Engine, EndOfArrivalsLeavesAloneWhatRuns) {
  Script late = answers(kSize);
  late.answers_at_end = true;
  Peer peer(late);
  ClientMix waits = mix("polite", 1);
  waits.params.timeout = milliseconds(300);
  Load load(phase(200, std::chrono::minutes(1), {waits}), peer.address());
  load.begin();
  ASSERT_TRUE(load.eventually([&] { return load.engine().open() >= 5; }));
  load.engine().end_arrivals();
  ASSERT_TRUE(load.until_idle());
  const ClientCounts sum = load.sum();
  expect_accounted(sum);
  EXPECT_EQ(sum.of(Outcome::kTimedOut), sum.opened);
  EXPECT_EQ(sum.of(Outcome::kCut), 0U);
  EXPECT_EQ(sum.planned, 12000U);
}

TEST(Engine, DestroyedInMidPhaseLeavesNothing) {
  const std::size_t before = open_descriptors();
  {
    Peer peer(never_answers());
    Load load(phase(500, std::chrono::minutes(1), {mix("polite", 1)}), peer.address(), workers(2));
    load.begin();
    ASSERT_TRUE(load.eventually([&] { return load.engine().open() >= 10; }));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Engine, RunsUnboundedUntilThePhaseIsOver) {
  for (const std::uint64_t count : {1U, 4U}) {
    Peer peer(answers(kSize));
    Phase storm = mixed(0, milliseconds(300));
    storm.rate = {.unbounded = true};
    Load load(storm, peer.address(), workers(count));
    const Instant start = Clock::now();
    ASSERT_TRUE(load.run());
    EXPECT_GE(Clock::now() - start, milliseconds(300));
    EXPECT_LT(Clock::now() - start, seconds(10));
    const ClientCounts sum = load.sum();
    expect_accounted(sum);
    EXPECT_GT(sum.of(Outcome::kDelivered), 50U);
    EXPECT_EQ(sum.skipped, 0U);
  }
}

TEST(Engine, RunsOnePhaseAfterTheOtherWithNewNumbers) {
  Peer peer(answers(kSize));
  Load load(mixed(2000, milliseconds(100)), peer.address());
  ASSERT_TRUE(load.run());
  const std::uint64_t polite = load.counts(0).planned;
  ASSERT_TRUE(load.run());
  const ClientCounts sum = load.sum();
  expect_accounted(sum);
  EXPECT_EQ(sum.planned, 400U);
  // Other numbers, other choices.
  EXPECT_NE(load.counts(0).planned, 2 * polite);
}

}  // namespace
}  // namespace closewait
