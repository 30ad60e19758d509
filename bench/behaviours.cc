// How many clients of each behaviour one core of the rig plays, beside plain polite ones: in turn
// against one server, which has the other core, in a network of their own. Where a row has waits
// they are left out as far as the behaviour stays what it is; the fixed moments of some (idle, who
// has to be silent for 100 ms to be) bound their rate, so look at their CPU. Prints medians, the
// ratios to the polite ones of the same round, and to a plain loop that makes the same system calls
// with the same bytes, one client after the other: the least that the behaviour can cost.
// bench-behaviours
#include <fmt/format.h>
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/own_network.h"
#include "bench/program.h"
#include "bench/ratios.h"
#include "bench/raw_calls.h"
#include "loadgen/engine.h"
#include "loadgen/target_exchange.h"
#include "rig/one_client.h"
#include "rig/ports.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr int kRounds = 5;

struct Cost {
  double rate = 0;  // connections a second
  double cpu = 0;   // of the rig, microseconds each
};

Nanoseconds own_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

constexpr const char* kScenario =
    "name: bench\n"
    "seed: 1\n"
    "target: {start: closewait-server --workers 1 --service http --listen 127.0.0.1:0 "
    "--idle-timeout 1s}\n"
    "load: {sources: 127.0.0.2-127.0.0.17, lag_at_most: 1s}\n"
    "cycle: [{name: storm, for: 500ms, rate: max, clients: {polite: 1}}]\n";

// Of the row's parameters those that only make it last.
Params without_waits(const Behaviour& behaviour) {
  Params params = default_params(behaviour);
  params.wait = params.every = Nanoseconds(0);
  // What the server says to some is to be read before they end.
  params.hold = std::min<Nanoseconds>(params.hold, std::chrono::milliseconds(100));
  if (params.size > 1024 * 1024) params.size = 1024 * 1024;
  if (params.bytes > 128 * 1024) params.bytes = 128 * 1024;
  // What these cost is by the time that they take.
  if (behaviour.name == "slow-read") params.every = std::chrono::milliseconds(1);
  if (behaviour.name == "polite-held") params.every = std::chrono::milliseconds(20);
  return params;
}

class Bench {
 public:
  Bench() : scenario_(parse_scenario(kScenario, "bench", {})) {
    enter_own_network();
    pin_to_core(1);
    target_.emplace(TargetProcess::Setup{.spec = &scenario_.target, .log = "/dev/null"});
    pin_to_core(0);
  }

  // As many of each of them.
  [[nodiscard]] Cost play(const std::vector<const Behaviour*>& rows) {
    auto& clients = scenario_.cycle.front().clients;
    clients.clear();
    for (const Behaviour* each : rows) {
      clients.push_back({.behaviour = each, .weight = 1, .params = without_waits(*each)});
    }
    const SocketAddress& address = target_->addresses().front();
    PortTable ports(sources_for(scenario_, address), local_port_range(), 1);
    const Instant start = Clock::now();
    const Nanoseconds cpu = own_cpu_time();
    Engine engine({.scenario = &scenario_, .targets = {&address, 1}, .ports = &ports});
    engine.begin(scenario_.cycle.front());
    while (!engine.idle()) static_cast<void>(::poll(nullptr, 0, 5));
    ClientCounts counts;
    for (const ClientTally& each : engine.collect().clients) counts += each.counts;
    const double delivered = static_cast<double>(counts.of(Outcome::kDelivered));
    if (counts.of(Outcome::kDelivered) < counts.planned * 3 / 4 || delivered < 1) {
      throw SetupError(
          fmt::format("{}: delivered {} of {}", rows.front()->name, delivered, counts.planned));
    }
    return {.rate = delivered / to_seconds(Clock::now() - start),
            .cpu = to_seconds(own_cpu_time() - cpu) / delivered * 1e6};
  }

  // The calls of one client of it.
  [[nodiscard]] RawCalls calls_of(const Behaviour& behaviour) {
    CallLog log(CallLog::Keeps::kAllBytes);
    const PlayedClient played = play_one({.behaviour = &behaviour,
                                          .params = without_waits(behaviour),
                                          .target = &scenario_.target,
                                          .address = target_->addresses().front(),
                                          .local = next_local(),
                                          .choices = 1,
                                          .log = &log});
    if (played.outcome != Outcome::kDelivered) {
      throw SetupError(fmt::format("{}: one alone is not delivered", behaviour.name));
    }
    return RawCalls(log);
  }

  // The same calls without the rig.
  [[nodiscard]] Cost play_raw(const RawCalls& calls) {
    constexpr Nanoseconds kLong = std::chrono::milliseconds(300);
    constexpr int kFewest = 2;
    const Instant start = Clock::now();
    const Nanoseconds cpu = own_cpu_time();
    int played = 0;
    int failed = 0;
    while (played < kFewest || Clock::now() - start < kLong) {
      ++(calls.play(target_->addresses().front(), next_local()) ? played : failed);
      if (failed > played + kFewest) throw SetupError("the calls of a client went otherwise");
    }
    return {.rate = played / to_seconds(Clock::now() - start),
            .cpu = to_seconds(own_cpu_time() - cpu) / (played + failed) * 1e6};
  }

  [[nodiscard]] const TargetSpec& spec() const { return scenario_.target; }

 private:
  // Below the ports that the rig takes.
  [[nodiscard]] SocketAddress next_local() {
    constexpr std::uint64_t kFirst = 10'000;
    constexpr std::uint64_t kPorts = 20'000;
    const auto& sources = scenario_.load.sources;
    const auto port = static_cast<std::uint16_t>(kFirst + taken_ / sources.size() % kPorts);
    return sources[taken_++ % sources.size()].with_port(port);
  }

  Scenario scenario_;
  std::optional<TargetProcess> target_;
  std::uint64_t taken_ = 0;
};

// Of one behaviour, a figure a round.
struct Series {
  std::vector<double> rates;
  std::vector<double> cpus;
  std::vector<double> polite_rates;
  std::vector<double> polite_cpus;
  std::vector<double> raw_cpus;
};

void run() {
  Bench bench;
  Offer offer = offer_of(bench.spec());
  offer.net_admin = may_vanish();
  std::vector<const Behaviour*> rows;
  for (const Behaviour* behaviour : catalogue()) {
    // Whose server side stays until it is idle for too long would only fill the server.
    const bool stays = behaviour->end == End::kVanish;
    if (obstacle(*behaviour, offer).empty() && !stays) rows.push_back(behaviour);
  }
  std::vector<RawCalls> calls;
  for (const Behaviour* behaviour : rows) calls.push_back(bench.calls_of(*behaviour));
  std::vector<Series> series(rows.size());
  std::vector<double> mixed;  // CPU a connection of a mix of all, and of their raw loops on average
  std::vector<double> raw_mean;
  for (int round = 0; round <= kRounds; ++round) {
    double raw_sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Cost polite = bench.play({rows.front()});
      const Cost cost = bench.play({rows[i]});
      const Cost raw = bench.play_raw(calls[i]);
      raw_sum += raw.cpu;
      if (round == 0) continue;  // warms up
      series[i].rates.push_back(cost.rate);
      series[i].cpus.push_back(cost.cpu);
      series[i].polite_rates.push_back(polite.rate);
      series[i].polite_cpus.push_back(polite.cpu);
      series[i].raw_cpus.push_back(raw.cpu);
    }
    const Cost all = bench.play(rows);
    if (round == 0) continue;
    mixed.push_back(all.cpu);
    raw_mean.push_back(raw_sum / static_cast<double>(rows.size()));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Series& each = series[i];
    fmt::print(
        "{:<20} {:>7.0f}/s {:>8.2f}us   rate {:>5.2f}   CPU {:>6.2f} of a polite one's   raw calls "
        "{:>5.2f} of it\n",
        rows[i]->name, median_of(each.rates), median_of(each.cpus),
        ratios_of(each.rates, each.polite_rates).median,
        ratios_of(each.cpus, each.polite_cpus).median, ratios_of(each.raw_cpus, each.cpus).median);
  }
  fmt::print("a mix of all of them {:.2f}us, their raw calls {:.2f}us on average: {:.2f} of it\n",
             median_of(mixed), median_of(raw_mean), ratios_of(raw_mean, mixed).median);
}

constexpr std::array kParts = {BenchPart{"behaviours", run}};

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::bench_main(closewait::kParts, argc, argv); }
