// How late connections begin, from the planned to the actual start, at 5,000 a second by one
// worker: polite clients against closewait-server, server on core 1, client on core 0. Prints the
// median of the runs' quantiles.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "base/error.h"
#include "base/units.h"
#include "bench/ratios.h"
#include "loadgen/engine.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr int kRuns = 7;

constexpr const char* kScenario =
    "name: bench\n"
    "seed: 1\n"
    "target: {start: closewait-server --service http --listen 127.0.0.1:0}\n"
    "load: {sources: 127.0.0.2-127.0.0.9}\n"
    "cycle: [{name: storm, for: 4s, rate: 5000/s, clients: {polite: 1}}]\n";

Nanoseconds from(double nanoseconds) { return Nanoseconds(static_cast<std::int64_t>(nanoseconds)); }

void run() {
  const Scenario scenario = parse_scenario(kScenario, "bench", {});
  pin_to_core(1);
  TargetProcess target({.spec = &scenario.target, .log = "/dev/null"});
  pin_to_core(0);
  std::vector<double> p50;
  std::vector<double> p99;
  for (int i = 0; i < kRuns; ++i) {
    Engine engine({.scenario = &scenario, .target = &target.address(), .ports = nullptr});
    engine.begin(scenario.cycle.front());
    while (!engine.idle()) static_cast<void>(::poll(nullptr, 0, 10));
    const Histogram lag = engine.collect().lag;
    p50.push_back(static_cast<double>(lag.quantile(0.5).count()));
    p99.push_back(static_cast<double>(lag.quantile(0.99).count()));
  }
  fmt::print("lag at 5,000/s over {} runs: p50 {}, p99 {} ({} to {})\n", kRuns,
             brief_duration(from(median_of(p50))), brief_duration(from(median_of(p99))),
             brief_duration(from(*std::ranges::min_element(p99))),
             brief_duration(from(*std::ranges::max_element(p99))));
}

}  // namespace
}  // namespace closewait

int main() {
  try {
    closewait::run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
