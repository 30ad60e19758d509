// What the rig's clients cost beside those that do the same without it: a blocking loop of raw
// system calls (reset), wrk and a bare epoll loop (churn), wrk (requests), all of them (mix); and
// how late connections begin (lag). One worker on core 0, the server on core 1, in a network of
// their own, runs in turn; prints medians, and the ratios of neighbours with their middle half.
// bench-load [reset] [churn] [requests] [mix] [lag]
#include <fmt/format.h>
#include <poll.h>
#include <time.h>

#include <array>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "bench/bare_client.h"
#include "bench/own_network.h"
#include "bench/program.h"
#include "bench/ratios.h"
#include "bench/raw_connect_reset.h"
#include "bench/wrk.h"
#include "loadgen/engine.h"
#include "rig/identity.h"
#include "rig/ports.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr int kPairs = 15;
constexpr Nanoseconds kEach = std::chrono::seconds(1);
constexpr std::size_t kFeedBuffer = 64 * 1024 * 1024;
constexpr const char* kRequest = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";

struct Cost {
  double rate = 0;  // a second
  double cpu = 0;   // of the client, microseconds each
};
using Way = std::function<Cost()>;

Nanoseconds own_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

Cost cost_of(std::uint64_t times, Nanoseconds duration, Nanoseconds cpu) {
  const auto count = static_cast<double>(times);
  return {.rate = count / to_seconds(duration), .cpu = to_seconds(cpu) / count * 1e6};
}

Cost timed(const std::function<std::uint64_t()>& run) {
  const Instant start = Clock::now();
  const Nanoseconds cpu = own_cpu_time();
  const std::uint64_t times = run();
  return cost_of(times, Clock::now() - start, own_cpu_time() - cpu);
}

// closewait-server on core 1 under a scenario with one phase, and this thread on core 0, in a
// network of their own.
class Bench {
 public:
  Bench(std::string_view clients, std::string_view rate)
      : scenario_(parse_scenario(
            fmt::format("name: bench\n"
                        "seed: 1\n"
                        "target: {{start: closewait-server --workers 1 --service http --listen "
                        "127.0.0.1:0, path: /}}\n"
                        "load: {{sources: 127.0.0.2-127.0.0.9, lag_at_most: 1s}}\n"
                        "cycle: [{{name: storm, for: 1s, rate: {}, clients: {{{}}}}}]\n",
                        rate, clients),
            "bench", {})) {
    enter_own_network();
    pin_to_core(1);
    target_.emplace(TargetProcess::Setup{.spec = &scenario_.target, .log = "/dev/null"});
    pin_to_core(0);
  }

  [[nodiscard]] const SocketAddress& address() const { return target_->addresses().front(); }

  [[nodiscard]] const std::vector<SocketAddress>& sources() const { return scenario_.load.sources; }

  // The rig's clients, as a run has them but for the destroy feed: ports that it chooses, proof,
  // the whole record. Counts what of the tally `counted` says.
  using Counted = std::uint64_t (*)(const Tally&);
  [[nodiscard]] Cost rig(Counted counted) {
    PortTable ports(sources_for(scenario_, address()), local_port_range(), 1);
    return timed([&] { return counted(play(ports)); });
  }

  // With the feed, by which each connection is followed to its server side.
  [[nodiscard]] Cost rig_with_feed(Counted counted) {
    auto feed = DestroyFeed::open({address().port()}, kFeedBuffer);
    if (!feed) throw SetupError("destroy feed: " + describe(feed.error()));
    PortTable ports(sources_for(scenario_, address()), local_port_range(), 1);
    std::vector<std::string> names;
    for (const ClientMix& mix : scenario_.cycle.front().clients) {
      names.emplace_back(mix.behaviour->name);
    }
    const Identity identity(std::move(*feed), {.ports = &ports, .behaviours = &names});
    return timed([&] { return counted(play(ports)); });
  }

  [[nodiscard]] Tally play(PortTable& ports) {
    Engine engine({.scenario = &scenario_, .targets = {&address(), 1}, .ports = &ports});
    engine.begin(scenario_.cycle.front());
    while (!engine.idle()) static_cast<void>(::poll(nullptr, 0, 10));
    const Tally& tally = engine.collect();
    for (const ClientTally& client : tally.clients) {
      const ClientCounts& counts = client.counts;
      if (counts.of(Outcome::kDelivered) == counts.planned && counts.wrong == 0) continue;
      throw SetupError(fmt::format("delivered {} of {}, {} wrong", counts.of(Outcome::kDelivered),
                                   counts.planned, counts.wrong));
    }
    return tally;
  }

 private:
  Scenario scenario_;
  std::optional<TargetProcess> target_;
};

std::uint64_t connections_of(const Tally& tally) {
  std::uint64_t count = 0;
  for (const ClientTally& client : tally.clients) count += client.counts.planned;
  return count;
}

std::uint64_t responses_of(const Tally& tally) {
  std::uint64_t count = 0;
  for (const ClientTally& client : tally.clients) count += client.response.count();
  return count;
}

Cost raw_resets(const SocketAddress& target, RawLoop kind,
                const std::vector<SocketAddress>& sources = {}) {
  return timed([&] {
    return raw_connect_reset(target, {.kind = kind, .duration = kEach, .sources = sources});
  });
}

// The same beside a thread that only reads the feed: what the kernel's telling costs.
Cost raw_resets_with_feed(const SocketAddress& target) {
  auto feed = DestroyFeed::open({target.port()}, kFeedBuffer);
  if (!feed) throw SetupError("destroy feed: " + describe(feed.error()));
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) static_cast<void>(feed->read(-1, std::chrono::milliseconds(5)));
  });
  return raw_resets(target, RawLoop::kWithProof);
}

Cost bare_exchanges(const SocketAddress& target, const std::vector<SocketAddress>& sources) {
  return timed([&] {
    return run_bare_clients(target, {.request = kRequest, .sources = sources, .duration = kEach});
  });
}

Cost wrk(const SocketAddress& target, const WrkLoad& load) {
  const WrkRun run = run_wrk(target, load);
  return cost_of(run.requests, run.duration, run.cpu);
}

struct Series {
  const char* name;
  Way way;
  std::vector<double> rates = {};
  std::vector<double> cpus = {};
};

// Each way in turn, so often; the order is turned round every time. Prints each beside the first.
void compare(const char* what, std::vector<Series> all) {
  for (Series& series : all) static_cast<void>(series.way());  // the first one of each warms up
  for (int i = 0; i < kPairs; ++i) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      Series& series = all[i % 2 == 0 ? k : all.size() - 1 - k];
      const Cost cost = series.way();
      series.rates.push_back(cost.rate);
      series.cpus.push_back(cost.cpu);
    }
  }
  fmt::print("{}\n", what);
  for (const Series& series : all) {
    const Ratios rate = ratios_of(series.rates, all.front().rates);
    const Ratios cpu = ratios_of(series.cpus, all.front().cpus);
    fmt::print(
        "  {:<28} {:>7.0f}/s {:>6.2f}us   rate {:.2f} ({:.2f} to {:.2f})   "
        "CPU {:.2f} ({:.2f} to {:.2f})\n",
        series.name, median_of(series.rates), median_of(series.cpus), rate.median, rate.low,
        rate.high, cpu.median, cpu.low, cpu.high);
  }
  static_cast<void>(std::fflush(stdout));
}

void compare_resets() {
  Bench bench("rst-after-connect: {weight: 1, wait: 0s}", "max");
  const SocketAddress& target = bench.address();
  compare("connect and reset",
          {{"raw, with the proof calls", [&] { return raw_resets(target, RawLoop::kWithProof); }},
           {"raw", [&] { return raw_resets(target, RawLoop::kBare); }},
           {"closewait", [&] { return bench.rig(connections_of); }},
           {"raw, with its ports too",
            [&] { return raw_resets(target, RawLoop::kWithProof, bench.sources()); }},
           {"raw, proof, feed read", [&] { return raw_resets_with_feed(target); }},
           {"closewait, destroy feed", [&] { return bench.rig_with_feed(connections_of); }}});
}

void compare_churn() {
  Bench bench("polite: 1", "max");
  const SocketAddress& target = bench.address();
  const WrkLoad closing{.headers = {"Connection: close"}};
  compare("connect, request, response, close",
          {{"bare epoll loop", [&] { return bare_exchanges(target, bench.sources()); }},
           {"wrk, Connection: close", [&] { return wrk(target, closing); }},
           {"closewait", [&] { return bench.rig(connections_of); }},
           {"closewait, destroy feed", [&] { return bench.rig_with_feed(connections_of); }}});
}

void compare_requests() {
  Bench bench("polite-keepalive: {weight: 1, requests: 1000}", "max");
  compare("request on a connection that stays",
          {{"wrk", [&] { return wrk(bench.address(), {}); }},
           {"closewait", [&] { return bench.rig(responses_of); }}});
}

void compare_mix() {
  Bench bench("rst-after-connect: {weight: 1, wait: 0s}, polite: 1", "max");
  const SocketAddress& target = bench.address();
  const auto parts = [&] {
    const Cost reset = raw_resets(target, RawLoop::kWithProof);
    const Cost exchange = bare_exchanges(target, bench.sources());
    return Cost{.rate = 2 / (1 / reset.rate + 1 / exchange.rate),
                .cpu = (reset.cpu + exchange.cpu) / 2};
  };
  compare("half of them reset, half exchange",
          {{"harmonic mean of raw loops", parts},
           {"closewait", [&] { return bench.rig(connections_of); }},
           {"closewait, destroy feed", [&] { return bench.rig_with_feed(connections_of); }}});
}

void measure_lag() {
  Bench bench("polite: 1", "10000/s");
  std::vector<double> p50;
  std::vector<double> p99;
  for (int i = 0; i < kPairs; ++i) {
    PortTable ports({SocketAddress::parse("127.0.0.2:0").value()}, local_port_range(), 1);
    const Histogram lag = bench.play(ports).lag;
    p50.push_back(to_seconds(lag.quantile(0.5)));
    p99.push_back(to_seconds(lag.quantile(0.99)));
  }
  const Ratios spread = ratios_of(p99, std::vector<double>(p99.size(), 1.0));
  fmt::print("lag at 10,000 polite clients a second, {} runs\n  p50 {}, p99 {} ({} to {})\n",
             kPairs, brief_duration(from_seconds(median_of(p50))),
             brief_duration(from_seconds(median_of(p99))), brief_duration(from_seconds(spread.low)),
             brief_duration(from_seconds(spread.high)));
}

constexpr std::array kParts = {BenchPart{"reset", compare_resets},
                               BenchPart{"churn", compare_churn},
                               BenchPart{"requests", compare_requests},
                               BenchPart{"mix", compare_mix}, BenchPart{"lag", measure_lag}};

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::bench_main(closewait::kParts, argc, argv); }
