#include "rig/host_faults.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

namespace closewait {
namespace {

// Between two steps of a fault that is coming or on.
constexpr Nanoseconds kStep = std::chrono::milliseconds(5);

std::set<HostFaultKind> kinds_of(const Scenario& scenario) {
  std::set<HostFaultKind> kinds;
  for (const Phase& phase : scenario.cycle) {
    for (const HostFaultPlan& each : phase.host) kinds.insert(each.kind);
  }
  return kinds;
}

HostTarget host_of(const HostFaults::Parts& parts) {
  TargetProcess& target = parts.target;
  const auto sockets = [&target]() -> Result<std::vector<HostSocket>> {
    if (target.observer() == nullptr) return errno_error(ESRCH);
    const auto rows = target.observer()->established();
    if (!rows) return rows.error();
    std::vector<HostSocket> all;
    for (const TcpSocket& row : *rows) {
      all.push_back({row.family, row.local, row.remote, row.cookie});
    }
    return all;
  };
  return {.pids =
              [&target] {
                Observer* observer = target.observer();
                return observer == nullptr ? std::vector<pid_t>() : observer->pids();
              },
          .sockets = sockets,
          .turned_away = parts.turned_away};
}

// Why nothing at all can be done to this target's process; "" when it can.
std::string why_out_of_reach(TargetProcess& target, bool sockets) {
  Observer* observer = target.observer();
  if (observer == nullptr) return "the rig does not know its process: " + target.why_unseen();
  const auto pids = observer->pids();
  if (std::ranges::count(pids, ::getpid()) > 0) return "the rig is one of its processes";
  if (sockets && !observer->availability().sockets) return observer->availability().why;
  return "";
}

}  // namespace

bool has_host_faults(const Scenario& scenario) { return !kinds_of(scenario).empty(); }

void require_host_faults(const Scenario& scenario, TargetProcess* target) {
  for (const HostFaultKind kind : kinds_of(scenario)) {
    std::string why;
    std::vector<pid_t> pids;
    if (target != nullptr) {
      why = why_out_of_reach(*target, kind == HostFaultKind::kKillSockets);
      if (why.empty()) pids = target->observer()->pids();
    }
    if (why.empty()) why = row_of(kind).why_not(pids);
    if (!why.empty()) {
      throw SetupError(fmt::format("{} cannot be done to the target: {}", name_of(kind), why));
    }
  }
}

HostFaults::HostFaults(const Parts& parts) : parts_(parts), host_(host_of(parts)) {}

void HostFaults::begin(const Phase& phase, std::uint64_t cycle) {
  faults_.clear();
  for (const HostFaultPlan& plan : phase.host) faults_.push_back({.plan = plan});
  phase_ = phase.name;
  cycle_ = cycle;
  began_ = Clock::now();
  next_ = faults_.empty() ? Instant::max() : began_ + faults_.front().plan.at;
}

void HostFaults::step() {
  const Instant now = Clock::now();
  if (now < next_) return;
  next_ = Instant::max();
  for (Fault& each : faults_) {
    if (!each.over) step(each, now);
  }
}

void HostFaults::step(Fault& fault, Instant now) {
  if (now < began_ + fault.plan.at) {
    next_ = std::min(next_, began_ + fault.plan.at);
    return;
  }
  if (!fault.ongoing) {
    fault.ongoing = row_of(fault.plan.kind).make(fault.plan, host_, *parts_.guardian);
  }
  if (fault.on_since && now >= *fault.on_since + fault.plan.length) return finish(fault);
  const OngoingFault::State state = fault.ongoing->step();
  if (state != OngoingFault::State::kComing && !fault.on_since) {
    fault.on_since = Clock::now();
    fault.on_at = parts_.recorder.now();
  }
  if (state == OngoingFault::State::kOver) return finish(fault);
  Instant next = now + kStep;
  if (fault.on_since) next = std::min(next, *fault.on_since + fault.plan.length);
  next_ = std::min(next_, next);
}

void HostFaults::finish(Fault& fault) {
  HostFault came_to{.fault = fault.plan.kind,
                    .undone = true,
                    .error = "the run or its phase was over before its time"};
  if (fault.ongoing) came_to = fault.ongoing->undo();
  fault.ongoing.reset();
  fault.over = true;
  came_to.phase = phase_;
  came_to.cycle = cycle_;
  came_to.until = parts_.recorder.now();
  came_to.at = fault.on_since ? fault.on_at : came_to.until;
  undone_ = undone_ && came_to.undone;
  parts_.recorder.append(HostFaultLine{.t = came_to.until, .done = came_to});
  parts_.progress.host_fault_ended(came_to);
}

bool HostFaults::end() {
  for (Fault& each : faults_) {
    if (!each.over) finish(each);
  }
  faults_.clear();
  next_ = Instant::max();
  return std::exchange(undone_, true);
}

}  // namespace closewait
