// How fast one worker connects and resets, beside a blocking loop of raw system calls that does
// the same against the same server, and what proof and destroy feed cost. Four kinds of run in
// turn, server on core 1, client on core 0; prints medians and the ratios of neighbours.
#include <fmt/format.h>
#include <poll.h>

#include <cstdlib>
#include <exception>

#include "base/error.h"
#include "bench/ratios.h"
#include "bench/raw_connect_reset.h"
#include "loadgen/engine.h"
#include "rig/identity.h"
#include "rig/ports.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr int kPairs = 31;
constexpr Nanoseconds kEach = std::chrono::milliseconds(500);
constexpr std::size_t kFeedBuffer = 64 * 1024 * 1024;

constexpr const char* kScenario =
    "name: bench\n"
    "seed: 1\n"
    "target: {start: closewait-server --service http --listen 127.0.0.1:0}\n"
    "load: {sources: 127.0.0.2-127.0.0.9}\n"
    "cycle: [{name: storm, for: 500ms, rate: max, clients: {rst-after-connect: {weight: 1, wait: "
    "0s}}}]\n";

double engine_rate(const Scenario& scenario, const SocketAddress& target, PortTable* ports) {
  Engine engine({.scenario = &scenario, .target = &target, .ports = ports});
  const Instant start = Clock::now();
  engine.begin(scenario.cycle.front());
  while (!engine.idle()) static_cast<void>(::poll(nullptr, 0, 10));
  const double seconds = to_seconds(Clock::now() - start);
  const ClientCounts counts = engine.collect().clients.front().counts;
  if (counts.of(Outcome::kDelivered) != counts.planned) {
    throw SetupError(
        fmt::format("delivered {} of {}", counts.of(Outcome::kDelivered), counts.planned));
  }
  return static_cast<double>(counts.planned) / seconds;
}

double rate_with_feed(const Scenario& scenario, const SocketAddress& target) {
  auto feed = DestroyFeed::open(target.port(), kFeedBuffer);
  if (!feed) throw SetupError("destroy feed: " + describe(feed.error()));
  PortTable ports(sources_for(scenario, target), local_port_range(), scenario.load.workers);
  const std::vector<std::string> names{"rst-after-connect"};
  const Identity identity(std::move(*feed), {.ports = &ports, .behaviours = &names});
  return engine_rate(scenario, target, &ports);
}

double raw_rate(const SocketAddress& target, RawLoop kind) {
  return static_cast<double>(raw_connect_reset(target, kEach, kind)) / to_seconds(kEach);
}

void print(const char* name, const std::vector<double>& rates, const std::vector<double>& bare) {
  const Ratios ratios = ratios_of(rates, bare);
  fmt::print("{:<26} {:>8.0f}/s   {:.2f} of raw ({:.2f} to {:.2f})\n", name, median_of(rates),
             ratios.median, ratios.least, ratios.most);
}

void run() {
  const Scenario with_sources = parse_scenario(kScenario, "bench", {});
  Scenario scenario = with_sources;
  scenario.load.sources.clear();
  pin_to_core(1);
  TargetProcess target({.spec = &scenario.target, .log = "/dev/null"});
  pin_to_core(0);
  std::vector<double> bare;
  std::vector<double> proving;
  std::vector<double> plain;
  std::vector<double> observed;
  for (int i = 0; i < kPairs; ++i) {
    bare.push_back(raw_rate(target.address(), RawLoop::kBare));
    plain.push_back(engine_rate(scenario, target.address(), nullptr));
    proving.push_back(raw_rate(target.address(), RawLoop::kWithProof));
    observed.push_back(rate_with_feed(with_sources, target.address()));
  }
  print("raw system calls", bare, bare);
  print("raw, with the proof calls", proving, bare);
  print("one worker, feed off", plain, bare);
  print("one worker, feed on", observed, bare);
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
