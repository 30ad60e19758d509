// What a silent connection costs in memory of the rig's own: the slope through 1,000, 2,000, ...
// 15,000 of them held at once against closewait-server, with the table of ports that a run has.
#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/open_files.h"
#include "bench/memory_slope.h"
#include "bench/program.h"
#include "loadgen/engine.h"
#include "rig/ports.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr std::uint64_t kStep = 1'000;
constexpr std::uint64_t kConnections = 15'000;

// Arrivals take 10 s; on a machine that is busy with something else some are given up.
constexpr Nanoseconds kPatience = std::chrono::seconds(25);

constexpr const char* kScenario =
    "name: bench\n"
    "seed: 1\n"
    "target:\n"
    "  start: closewait-server --service http --listen 127.0.0.1:0 --processes 2 --idle-timeout "
    "2m\n"
    "load: {arrivals: even, sources: 127.0.0.2-127.0.0.9, open_at_most: 16000}\n"
    "cycle:\n"
    "  - name: storm\n"
    "    for: 10s\n"
    "    rate: 1500/s\n"
    "    clients: {rst-after-connect: {weight: 1, wait: 30s, timeout: 1m}}\n";

// Heap, stacks and the shared table of ports; not the files that are mapped.
double own_memory() {
  std::ifstream status("/proc/self/status");
  double kibibytes = 0;
  for (std::string word; status >> word;) {
    if (word != "RssAnon:" && word != "RssShmem:") continue;
    double value = 0;
    status >> value;
    kibibytes += value;
  }
  return kibibytes * 1024;
}

void run() {
  const Scenario scenario = parse_scenario(kScenario, "bench", {});
  TargetProcess target({.spec = &scenario.target, .log = "/dev/null"});
  raise_open_files();
  PortTable ports(sources_for(scenario, target.addresses().front()), local_port_range(), 1);
  Engine engine({.scenario = &scenario, .targets = target.addresses(), .ports = &ports});
  engine.begin(scenario.cycle.front());
  std::vector<double> counts;
  std::vector<double> bytes;
  const Instant deadline = Clock::now() + kPatience;
  while (counts.size() < kConnections / kStep) {
    static_cast<void>(::poll(nullptr, 0, 5));
    const std::uint64_t open = engine.open();
    if (Clock::now() > deadline) {
      throw SetupError(
          fmt::format("only {} of {} connections could be opened in time", open, kConnections));
    }
    if (open < (counts.size() + 1) * kStep) continue;
    counts.push_back(static_cast<double>(open));
    bytes.push_back(own_memory());
  }
  const std::uint64_t opened = engine.collect().clients.front().counts.opened;
  engine.cut();
  constexpr double kMebibyte = 1024 * 1024;
  fmt::print(
      "held connection  closewait, silent   {:.0f} bytes each over {} ({:.1f} to {:.1f} MiB)\n",
      slope_of(counts, bytes), opened, bytes.front() / kMebibyte, bytes.back() / kMebibyte);
}

constexpr std::array kParts = {BenchPart{"held", run}};

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::bench_main(closewait::kParts, argc, argv); }
