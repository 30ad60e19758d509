// What it costs to look: CPU time of the rig's own for a sample, for a count of sockets by state,
// and for a census of a target that holds 15,000 connections.
#include <fmt/format.h>
#include <poll.h>
#include <time.h>

#include <array>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/open_files.h"
#include "bench/program.h"
#include "bench/ratios.h"
#include "loadgen/engine.h"
#include "rig/ports.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr std::uint64_t kWatched = 15'000;
constexpr Nanoseconds kOpeningPatience = std::chrono::seconds(25);
constexpr int kSamples = 101;
constexpr int kCensuses = 9;

constexpr const char* kWatchedScenario =
    "name: bench\n"
    "seed: 1\n"
    "target:\n"
    "  start: closewait-server --service http --listen 127.0.0.1:0 --idle-timeout 5m\n"
    "load: {arrivals: even, sources: 127.0.0.2-127.0.0.9, open_at_most: 16000}\n"
    "cycle:\n"
    "  - name: storm\n"
    "    for: 10s\n"
    "    rate: 1500/s\n"
    "    clients: {rst-after-connect: {weight: 1, wait: 2m, timeout: 3m}}\n";

double own_cpu() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double median_cpu(int times, const std::function<void()>& look) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    const double before = own_cpu();
    look();
    all.push_back(own_cpu() - before);
  }
  return median_of(all);
}

void print(const char* what, double seconds, const char* when) {
  fmt::print("{:<18} {:8.3f} ms of CPU   {}\n", what, 1000 * seconds, when);
}

void open_all(Engine& engine) {
  const Instant deadline = Clock::now() + kOpeningPatience;
  while (engine.open() < kWatched) {
    if (Clock::now() > deadline) {
      throw SetupError(fmt::format("only {} of {} connections could be opened in time",
                                   engine.open(), kWatched));
    }
    static_cast<void>(::poll(nullptr, 0, 5));
  }
}

void run() {
  const Scenario scenario = parse_scenario(kWatchedScenario, "bench", {});
  TargetProcess target({.spec = &scenario.target, .log = "/dev/null"});
  raise_open_files();
  PortTable ports(sources_for(scenario, target.addresses().front()), local_port_range(), 1);
  Engine engine({.scenario = &scenario, .targets = target.addresses(), .ports = &ports});
  engine.begin(scenario.cycle.front());
  open_all(engine);
  Observer& observer = *target.observer();
  const auto fds = observer.sample().value().fds;
  fmt::print("a target of one process with {} descriptors\n", fds);
  const double sample = median_cpu(kSamples, [&] { static_cast<void>(observer.sample()); });
  print("sample", sample, fmt::format("each second: {:.3f}% of a core", 100 * sample).c_str());
  print("sockets by state",
        median_cpu(kCensuses, [&] { static_cast<void>(observer.sockets_by_state()); }),
        "each second, or as seldom as it takes to be 0.5% of a core");
  print("census", median_cpu(kCensuses, [&] { static_cast<void>(observer.census()); }),
        "at each rest");
  engine.cut();
}

constexpr std::array kParts = {BenchPart{"observer", run}};

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::bench_main(closewait::kParts, argc, argv); }
