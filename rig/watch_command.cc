#include "rig/watch_command.h"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "metrics/endpoint.h"
#include "metrics/process_metrics.h"
#include "observe/observe_error.h"
#include "observe/observer.h"
#include "observe/target.h"
#include "record/run.h"
#include "report/brief.h"
#include "report/target_metrics.h"
#include "rig/interrupt.h"

namespace closewait {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanoseconds kEvery = std::chrono::seconds(1);
constexpr int kLinesUnderAHead = 20;
constexpr const char* kHead =
    "    time      fds  sockets  CLOSE_WAIT  queue  threads  processes  anonymous    cores\n";

struct Watched {
  std::vector<SocketAddress> addresses;  // where it listens
  std::vector<pid_t> roots;
};

[[noreturn]] void refuse(const std::string& what, const error_code& error) {
  throw SetupError(what + ": " + describe(error));
}

Watched find(SockDiag& diag, const WatchOptions& options) {
  if (options.pid) {
    const auto pid = static_cast<pid_t>(*options.pid);
    const auto addresses = listening_addresses(diag, pid);
    if (!addresses) refuse(fmt::format("pid {}", pid), addresses.error());
    return {.addresses = *addresses, .roots = {pid}};
  }
  const auto listeners = diag.listeners(*options.port);
  if (!listeners) refuse(fmt::format("port {}", *options.port), listeners.error());
  error_code error = make_error_code(ObserveError::kNoListener);
  for (const TcpSocket& each : *listeners) {
    const SocketAddress address = each.local.address();
    const auto target = find_target(diag, {address});
    if (target) return {.addresses = {address}, .roots = target->roots};
    error = target.error();
  }
  refuse(fmt::format("port {}", *options.port), error);
}

// What was seen last, for the endpoint's threads.
class Shown {
 public:
  void set(const Run& run) {
    const std::lock_guard lock(mutex_);
    run_ = run;
  }
  MetricFamilies collect() {
    const std::lock_guard lock(mutex_);
    MetricFamilies families = target_metrics(run_, true);
    add_labels(families, {{"run", "watch"}});
    append(families, process_families({{"run", "watch"}}));
    return families;
  }

 private:
  std::mutex mutex_;
  Run run_;
};

Json json_of(const SecondLine& second, double cores) {
  const Sample& sample = *second.sample;
  return {{"t", second.t},
          {"fds", sample.fds},
          {"sockets_by_state", second.sockets_by_state},
          {"listen_queue", sample.listen_queue},
          {"listen_limit", sample.listen_limit},
          {"threads", sample.threads},
          {"processes", sample.processes},
          {"anon_bytes", sample.anon_bytes},
          {"rss_bytes", sample.rss_bytes},
          {"cores", cores}};
}

std::string census_text(const Census& census) {
  std::vector<std::string> parts;
  for (const auto& [kind, count] : census.fds_by_kind) {
    parts.push_back(fmt::format("{} {}", kind, grouped(count)));
  }
  std::string text = fmt::format("descriptors: {}\n", fmt::join(parts, ", "));
  parts.clear();
  for (const auto& [state, count] : census.sockets_by_state) {
    parts.push_back(fmt::format("{} {}", state, grouped(count)));
  }
  if (census.dead_sockets > 0) {
    parts.push_back(fmt::format("dead {}", grouped(census.dead_sockets)));
  }
  text += fmt::format("TCP sockets: {}\n",
                      parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", ")));
  return text + fmt::format("epoll: {} registrations, {} of them ghosts\n",
                            grouped(census.epoll_registrations), grouped(census.epoll_ghosts));
}

// One watching: samples into a run that has no clients.
class Watch {
 public:
  Watch(const WatchOptions& options, Observer observer)
      : options_(options), observer_(std::move(observer)), began_(Clock::now()) {}

  void take_census() {
    const auto look = observer_.census();
    if (!look) return;
    run_.add(CensusLine{look->census});
    if (!options_.json) fmt::print("{}", census_text(look->census));
  }

  // False: the process is gone.
  [[nodiscard]] bool look() {
    SecondLine second{.t = to_seconds(Clock::now() - began_), .kind = PhaseKind::kRest};
    const auto sample = observer_.alive() ? observer_.sample() : error_code();
    if (!sample) return false;
    second.sample = *sample;
    if (const auto sockets = observer_.sockets_by_state()) second.sockets_by_state = *sockets;
    const double cores =
        last_t_ < second.t ? (sample->cpu_seconds - last_cpu_) / (second.t - last_t_) : 0;
    const bool first = lines_ == 0;
    last_t_ = second.t;
    last_cpu_ = sample->cpu_seconds;
    run_.add(second);
    tell(second, first ? 0 : cores);
    return true;
  }

  [[nodiscard]] const Run& run() const { return run_; }

 private:
  void tell(const SecondLine& second, double cores) {
    if (options_.json) {
      fmt::print("{}\n", json_of(second, cores).dump());
    } else {
      if (lines_ % kLinesUnderAHead == 0) fmt::print("{}", kHead);
      std::uint64_t sockets = 0;
      for (const auto& [state, count] : second.sockets_by_state) sockets += count;
      const auto closing = second.sockets_by_state.find("CLOSE_WAIT");
      const Sample& sample = *second.sample;
      fmt::print("{:>7.0f}s {:>8} {:>8} {:>11} {:>6} {:>8} {:>10} {:>10} {:>8.2f}\n", second.t,
                 grouped(sample.fds), grouped(sockets),
                 closing == second.sockets_by_state.end() ? 0 : closing->second,
                 sample.listen_queue, sample.threads, sample.processes,
                 brief_bytes(static_cast<double>(sample.anon_bytes)), cores);
    }
    ++lines_;
    std::fflush(stdout);
  }

  const WatchOptions& options_;
  Observer observer_;
  Instant began_;
  Run run_;
  double last_t_ = 0;
  double last_cpu_ = 0;
  int lines_ = 0;
};

}  // namespace

ExitStatus watch_command(const WatchOptions& options) {
  if (options.pid.has_value() == options.port.has_value()) {
    throw UsageError("watch what? Expected --pid N, or --port N of this machine");
  }
  auto diag = SockDiag::open();
  if (!diag) refuse("socket tables", diag.error());
  const Watched watched = find(*diag, options);
  auto observer = Observer::open(watched.addresses, watched.roots);
  if (!observer) refuse(fmt::format("pid {}", watched.roots.front()), observer.error());
  const std::string missing = observer->availability().why;
  if (!missing.empty()) fmt::print(stderr, "not seen: {}\n", missing);
  const Interrupt interrupt;
  Watch watch(options, std::move(*observer));
  watch.take_census();
  Shown shown;
  std::optional<MetricsEndpoint> endpoint;
  if (options.metrics) {
    endpoint.emplace(*options.metrics, [&shown] { return shown.collect(); });
    fmt::print(stderr, "metrics at {}\n", endpoint->url());
  }
  const Instant begin = Clock::now();
  const Instant end = options.length > Nanoseconds(0) ? begin + options.length : Instant::max();
  for (Instant next = begin;; next += kEvery) {
    if (!watch.look()) {
      fmt::print(stderr, "pid {} has ended\n", watched.roots.front());
      return ExitStatus::kFail;
    }
    shown.set(watch.run());
    if (next + kEvery > end) break;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(next + kEvery - Clock::now()).count();
    pollfd wait{interrupt.fd(), POLLIN, 0};
    static_cast<void>(::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(0, left))));
    if (interrupt.came()) break;
  }
  watch.take_census();
  return ExitStatus::kPass;
}

}  // namespace closewait
