#include "rig/runner.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "observe/process_sample.h"
#include "verdict/at_rest.h"
#include "verdict/leak.h"
#include "verdict/stuck.h"

namespace closewait {
namespace {

constexpr Nanoseconds kSecond = std::chrono::seconds(1);
constexpr Nanoseconds kIdlePoll = std::chrono::milliseconds(10);
constexpr Nanoseconds kQuietPoll = std::chrono::milliseconds(100);
// Counting sockets is dear where there are many: at most one part in so many of the time.
constexpr int kSocketCountShare = 200;
// CPU time is told in hundredths of a second: of less than this it says nothing.
constexpr Nanoseconds kShortestBusy = std::chrono::milliseconds(200);
constexpr Nanoseconds kCutPatience = std::chrono::seconds(2);

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The rest that the scenario describes, or the one it would have.
Phase rest_of(const Scenario& scenario) {
  const auto found = std::ranges::find(scenario.cycle, PhaseKind::kRest, &Phase::kind);
  if (found != scenario.cycle.end()) return *found;
  return {.name = "rest",
          .kind = PhaseKind::kRest,
          .settle = std::chrono::seconds(20),
          .quiet = std::chrono::seconds(2)};
}

}  // namespace

Runner::Runner(const Parts& parts)
    : parts_(parts),
      began_(Clock::now()),
      next_second_(began_ + kSecond),
      host_({.target = parts.target,
             .guardian = parts.guardian,
             .recorder = parts.recorder,
             .progress = parts.progress,
             .turned_away = [this] { return turned_away(); }}),
      together_(parts.target, parts.guardian) {}

Runner::Ending Runner::run() {
  const Phase rest_phase = rest_of(parts_.scenario);
  bool go_on = true;
  if (parts_.scenario.warm_up) go_on = storm(*parts_.scenario.warm_up, 0);
  go_on = go_on && rest(rest_phase, 0);
  std::uint64_t done = 0;
  while (go_on && time_for_another(done)) go_on = cycle(++done);
  // What only the last rest saw needs a second look before it is called a leak.
  const auto& rests = parts_.recorder.run().rests;
  if (go_on && (needs_another_look(rests) || busy_needs_another_look(rests) ||
                queue_needs_another_look(rests))) {
    Phase second_look = rest_phase;
    const auto& promised = parts_.scenario.target.promises.idle_timeout;
    second_look.settle = std::max(second_look.settle, promised.value_or(Nanoseconds(0)));
    static_cast<void>(rest(second_look, done));
  }
  return ending_;
}

bool Runner::time_for_another(std::uint64_t cycles_done) const {
  const Scenario& scenario = parts_.scenario;
  if (!scenario.repeat_length) return cycles_done < scenario.repeat;
  if (cycles_done == 0) return true;
  const auto passed = Clock::now() - began_;
  const auto one = passed / static_cast<std::int64_t>(cycles_done);
  return passed + one <= *scenario.repeat_length;
}

bool Runner::cycle(std::uint64_t number) {
  for (const Phase& phase : parts_.scenario.cycle) {
    const bool go_on = phase.kind == PhaseKind::kRest ? rest(phase, number) : storm(phase, number);
    if (!go_on) return false;
  }
  return true;
}

PhaseLine Runner::line_of(const Phase& phase, std::uint64_t cycle) const {
  return {.t = parts_.recorder.now(),
          .name = phase.name,
          .kind = phase.kind,
          .cycle = cycle,
          .control = phase.is_control(),
          .planned = phase.planned(),
          .host_faults = phase.host.size(),
          .together = phase.together};
}

bool Runner::storm(const Phase& phase, std::uint64_t cycle) {
  phase_ = line_of(phase, cycle);
  phase_.together_lacks = together_.begin(phase);
  parts_.recorder.append(phase_);
  parts_.progress.phase_begins(phase_);
  const Instant end = Clock::now() + phase.duration;
  parts_.generator.begin(phase);
  host_.begin(phase, cycle);
  bool go_on = pass_time(end);
  if (!host_.end() && go_on) {
    ending_ = Ending::kNotUndone;
    go_on = false;
  }
  const Instant cut_at = end + parts_.scenario.load.grace;
  while (go_on && !parts_.generator.idle() && Clock::now() < cut_at) {
    go_on = pass_time(std::min(Clock::now() + kIdlePoll, cut_at));
  }
  wait_for_clients();
  if (!together_.end() && go_on) {
    ending_ = Ending::kNotUndone;
    go_on = false;
  }
  write_last_second();
  phase_.begins = false;
  phase_.t = parts_.recorder.now();
  parts_.recorder.append(phase_);
  parts_.progress.phase_ends(phase_);
  return go_on;
}

// Cuts whoever is left. A cut client ends at its next step; the wait has an end all the same.
void Runner::wait_for_clients() {
  if (parts_.generator.idle()) return;
  parts_.generator.cut();
  const Instant deadline = Clock::now() + kCutPatience;
  while (!parts_.generator.idle() && Clock::now() < deadline) {
    static_cast<void>(::poll(nullptr, 0, 1));
  }
}

bool Runner::rest(const Phase& phase, std::uint64_t cycle) {
  phase_ = line_of(phase, cycle);
  parts_.recorder.append(phase_);
  parts_.progress.phase_begins(phase_);
  wait_until_quiet(phase);
  write_last_second();
  if (ending_ == Ending::kFinished) take_census(cycle);
  phase_.begins = false;
  phase_.t = parts_.recorder.now();
  parts_.recorder.append(phase_);
  if (ending_ != Ending::kFinished) return false;
  const bool found = !leaks_by_identity(parts_.recorder.run().rests).empty();
  leak_known_ = found && !needs_another_look(parts_.recorder.run().rests);
  if (found) parts_.on_finding.run_once();
  if (found && parts_.scenario.on_finding != OnFinding::kContinue) ending_ = Ending::kStopped;
  return ending_ == Ending::kFinished;
}

// Until nothing moved for `quiet`; while connections are outstanding, which a timer of the target
// may still reap, or wait to be accepted, for all of `settle`.
void Runner::wait_until_quiet(const Phase& phase) {
  struct Fingerprint {
    std::uint64_t fds = 0;
    std::uint64_t outstanding = 0;
    std::uint64_t events = 0;
    bool operator==(const Fingerprint&) const = default;
  };
  Sample sample;
  const auto look = [&] {
    Fingerprint now;
    if (parts_.target.observer() != nullptr) {
      const auto seen = parts_.target.observer()->sample();
      sample = seen ? *seen : Sample();
      now.fds = sample.fds;
    }
    if (parts_.identity != nullptr) {
      now.outstanding = parts_.identity->outstanding();
      now.events = parts_.identity->events();
    }
    return now;
  };
  Fingerprint last = look();
  Instant changed = Clock::now();
  const Instant deadline = changed + phase.settle;
  double cpu_then = sample.cpu_seconds;
  std::optional<Instant> queued_since;
  quiet_ = {};
  while (Clock::now() < deadline) {
    if (!pass_time(std::min(Clock::now() + kQuietPoll, deadline))) return;
    const Fingerprint now = look();
    if (!(now == last)) {
      last = now;
      changed = Clock::now();
      cpu_then = sample.cpu_seconds;
    }
    if (sample.listen_queue == 0) {
      queued_since.reset();
    } else if (!queued_since) {
      queued_since = Clock::now();
    }
    const Nanoseconds quiet = Clock::now() - changed;
    quiet_.settled = quiet >= phase.quiet;
    if (quiet >= kShortestBusy) {
      quiet_.busy_cores = std::max(0.0, sample.cpu_seconds - cpu_then) / to_seconds(quiet);
    }
    quiet_.queue_waited = queued_since ? to_seconds(Clock::now() - *queued_since) : 0;
    if (quiet_.settled && (now.outstanding == 0 || leak_known_) && !queued_since) return;
  }
}

void Runner::take_census(std::uint64_t cycle) {
  FullLook look;
  if (Observer* observer = parts_.target.observer()) {
    if (auto seen = observer->census()) look = std::move(*seen);
  }
  if (parts_.identity != nullptr) parts_.identity->take_census(look);
  Census& census = look.census;
  census.rig = look_at_rig().value_or(Sample());
  census.rig_quarantine = quarantine_of(rig_processes());
  const Run& run = parts_.recorder.run();
  census.t = parts_.recorder.now();
  census.cycle = cycle;
  census.settled = quiet_.settled;
  census.busy_cores = quiet_.settled ? quiet_.busy_cores : 0;
  census.queue_waited = quiet_.queue_waited;
  for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
    const std::uint64_t opened = run.whole.clients[i].counts.opened;
    census.served += opened;
    census.served_by_behaviour[run.header.behaviours[i]] = opened;
  }
  parts_.recorder.append(CensusLine{census});
  parts_.progress.rest_ended(census);
}

// Lets time pass, with a line each second. False when the run is over: the user's wish, or the
// target's end, or that of a process which plays the load.
bool Runner::pass_time(Instant until) {
  while (true) {
    const Instant now = Clock::now();
    if (now >= next_second_) {
      write_second();
      next_second_ = std::max(next_second_ + kSecond, now);
    }
    host_.step();
    if (!parts_.generator.trouble().empty()) {
      ending_ = Ending::kRigBroke;
      return false;
    }
    if (now >= until) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::min({until, next_second_, host_.next()}) - now);
    std::array<pollfd, 3> wait{pollfd{parts_.interrupt.fd(), POLLIN, 0},
                               pollfd{parts_.target.pidfd(), POLLIN, 0},
                               pollfd{parts_.generator.trouble_fd(), POLLIN, 0}};
    const auto milliseconds = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    if (::poll(wait.data(), wait.size(), milliseconds) <= 0) continue;
    if (wait[0].revents == 0 && wait[1].revents == 0) continue;
    ending_ = wait[1].revents != 0 ? Ending::kTargetEnded : Ending::kInterrupted;
    return false;
  }
}

// Of a phase. The kernel's counters are read after the clients', so of a phase that began and ends
// with no client they hold all that its clients confirmed.
void Runner::write_last_second() {
  const bool all_end_here = parts_.generator.idle();
  write_second();
  const bool all_began_here = std::exchange(all_counted_, all_end_here);
  phase_.comparable =
      phase_.kind != PhaseKind::kRest && all_began_here && all_end_here && network_.sees_resets();
}

void Runner::write_second() {
  Generator::Report counted = parts_.generator.report();
  const double t = parts_.recorder.now();
  SecondLine second{.t = t,
                    .seconds = t - last_second_,
                    .phase = phase_.name,
                    .kind = phase_.kind,
                    .cycle = phase_.cycle,
                    .control = phase_.control,
                    .open = counted.open,
                    .busiest_worker = counted.busiest_worker,
                    .tally = std::move(counted.tally)};
  if (parts_.identity != nullptr) {
    const auto reaped = parts_.identity->collect_reaped();
    for (std::size_t i = 0; i < reaped.size(); ++i) {
      second.tally.clients[i].reap.merge(reaped[i]);
      second.reaped += reaped[i].count();
    }
  }
  if (const NetworkCounts lost = network_.since_last(); lost != NetworkCounts()) {
    second.network = lost;
  }
  look_at_target(second);
  second.rig = look_at_rig();
  const double cpu = own_cpu_seconds();
  second.rig_cpu_seconds = cpu - std::exchange(last_cpu_, cpu) + counted.cpu_seconds;
  last_second_ = t;
  parts_.recorder.append(second);
  parts_.progress.second(second);
}

// By now, not by the last second.
std::uint64_t Runner::turned_away() {
  write_second();
  std::uint64_t count = 0;
  for (const ClientTally& each : parts_.recorder.run().whole.clients) {
    count += each.counts.of(Outcome::kRefused) + each.counts.of(Outcome::kPreempted);
  }
  return count;
}

// All its processes, as the target's are looked at.
std::vector<pid_t> Runner::rig_processes() const {
  std::vector<pid_t> pids = parts_.generator.processes();
  pids.push_back(::getpid());
  return pids;
}

std::optional<Sample> Runner::look_at_rig() const {
  if (const auto sample = sample_of(rig_processes())) return *sample;
  return std::nullopt;
}

void Runner::look_at_target(SecondLine& second) {
  Observer* observer = parts_.target.observer();
  if (observer == nullptr) return;
  if (const auto sample = observer->sample()) second.sample = *sample;
  const Instant began = Clock::now();
  if (!second.sample || began < next_socket_count_) return;
  if (auto counts = observer->sockets_by_state()) second.sockets_by_state = std::move(*counts);
  next_socket_count_ = began + (Clock::now() - began) * kSocketCountShare;
}

}  // namespace closewait
