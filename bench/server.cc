// closewait-server beside nginx (HTTP) and beside a bare epoll loop (echo): what a request, a
// connection, a round and an idle connection cost. Runs in turn, server on core 1, client on core
// 0; prints medians, and the ratios of neighbours with the middle half of them, which says how far
// to believe the median: whoever else uses the machine is in it.
// bench-server [http] [churn] [echo] [memory]
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <functional>

#include "base/open_files.h"
#include "bench/echo_load.h"
#include "bench/memory_slope.h"
#include "bench/nginx.h"
#include "bench/program.h"
#include "bench/ratios.h"
#include "bench/server_process.h"
#include "bench/wrk.h"

namespace closewait {
namespace {

constexpr int kPairs = 21;
constexpr int kClientCore = 0;
constexpr int kServerCore = 1;

// nginx's body is what closewait-server answers at "/".
constexpr const char* kBody = "ok\\n";

struct Cost {
  double rate = 0;  // a second
  double cpu = 0;   // microseconds each
};
struct Costs {
  std::vector<double> rate;
  std::vector<double> cpu;
  void add(const Cost& cost) {
    rate.push_back(cost.rate);
    cpu.push_back(cost.cpu);
  }
};

using Run = std::function<Cost(const ServerProcess&)>;

Cost cost_of(std::uint64_t times, Nanoseconds duration, Nanoseconds cpu) {
  const auto count = static_cast<double>(times);
  return {.rate = count / to_seconds(duration), .cpu = to_seconds(cpu) / count * 1e6};
}

Cost http(const ServerProcess& server, const WrkLoad& load) {
  const Nanoseconds before = server.cpu_time();
  const WrkRun run = run_wrk(server.address(), load);
  return cost_of(run.requests, run.duration, server.cpu_time() - before);
}

Cost echo(const ServerProcess& server) {
  const EchoLoad load{.duration = std::chrono::seconds(1)};
  const Nanoseconds before = server.cpu_time();
  const std::uint64_t rounds = run_echo_load(server.address(), load);
  return cost_of(rounds, load.duration, server.cpu_time() - before);
}

void print(const char* what, const char* beside, const Costs& ours, const Costs& theirs) {
  const Ratios rate = ratios_of(ours.rate, theirs.rate);
  // How many times cheaper ours is, so that more is better in every line.
  const Ratios cpu = ratios_of(theirs.cpu, ours.cpu);
  fmt::print(
      "{:<16} {:>7.0f}/s {:>6.2f}us   {:<10} {:>7.0f}/s {:>6.2f}us   "
      "CPU {:.2f} ({:.2f} to {:.2f})   rate {:.2f} ({:.2f} to {:.2f})\n",
      what, median_of(ours.rate), median_of(ours.cpu), beside, median_of(theirs.rate),
      median_of(theirs.cpu), cpu.median, cpu.low, cpu.high, rate.median, rate.low, rate.high);
  static_cast<void>(std::fflush(stdout));
}

struct Sides {
  const ServerProcess& ours;
  const ServerProcess& theirs;
};

// Who goes first changes with every pair: a machine that gets slower favours nobody.
void compare(const char* what, const char* beside, const Sides& sides, const Run& run) {
  static_cast<void>(run(sides.ours));  // the first one of each warms up
  static_cast<void>(run(sides.theirs));
  Costs ours;
  Costs theirs;
  for (int i = 0; i < kPairs; ++i) {
    if (i % 2 == 0) ours.add(run(sides.ours));
    theirs.add(run(sides.theirs));
    if (i % 2 != 0) ours.add(run(sides.ours));
  }
  print(what, beside, ours, theirs);
}

// The programs are built into the folder of this one.
std::string program(const char* name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

std::vector<std::string> ours(const char* service, const SocketAddress& address) {
  return {program("closewait-server"), "--workers", "1", "--service", service, "--listen",
          address.to_string()};
}

void compare_http(const char* what, const WrkLoad& load) {
  const SocketAddress address = free_address();
  pin_to_core(kServerCore);
  const ServerProcess server(ours("http", address), address);
  const Nginx nginx(kBody);
  pin_to_core(kClientCore);
  compare(what, "nginx", {.ours = server, .theirs = nginx.process()},
          [&load](const ServerProcess& side) { return http(side, load); });
}

void compare_requests() { compare_http("HTTP request", {}); }
void compare_connections() { compare_http("HTTP connection", {.headers = {"Connection: close"}}); }

void compare_echo() {
  const SocketAddress address = free_address();
  const SocketAddress bare_address = free_address();
  pin_to_core(kServerCore);
  const ServerProcess server(ours("echo", address), address);
  const ServerProcess bare({program("bench-bare-echo"), bare_address.to_string()}, bare_address);
  pin_to_core(kClientCore);
  compare("echo round", "bare loop", {.ours = server, .theirs = bare}, echo);
}

void weigh(const char* what, const ServerProcess& server, bool ask) {
  const MemorySlope slope = memory_slope(server, ask);
  fmt::print("idle connection  {:<24} {:>5.0f} bytes each over {} ({:.1f} to {:.1f} MiB)\n", what,
             slope.bytes_each, slope.connections, slope.first / 1048576, slope.last / 1048576);
  static_cast<void>(std::fflush(stdout));
}

void compare_memory() {
  raise_open_files();  // both ends of 15,000 connections are here, each in a process of its own
  for (const bool ask : {false, true}) {
    const SocketAddress address = free_address();
    const ServerProcess server(ours("http", address), address);
    weigh(ask ? "closewait-server, asked" : "closewait-server, silent", server, ask);
    const Nginx nginx(kBody);
    weigh(ask ? "nginx, asked" : "nginx, silent", nginx.process(), ask);
  }
}

constexpr std::array kParts = {
    BenchPart{"http", compare_requests},
    BenchPart{"churn", compare_connections},
    BenchPart{"echo", compare_echo},
    BenchPart{"memory", compare_memory},
};

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::bench_main(closewait::kParts, argc, argv); }
