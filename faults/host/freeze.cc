#include "faults/host/freeze.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>

namespace closewait {
namespace {

constexpr Nanoseconds kPatience = std::chrono::seconds(1);
// Within one step, a millisecond apart: a process that runs stops at once.
constexpr int kRounds = 5;
constexpr char kStopped = 'T';

}  // namespace

Freeze::Freeze(const HostFaultPlan&, const HostTarget& target, Guardian& guardian)
    : target_(target), stopped_(guardian), give_up_(Clock::now() + kPatience) {}

bool Freeze::knows(const HostProcess& process) const {
  return std::ranges::any_of(stopped_.all(),
                             [&](const Undo& each) { return each.process == process; });
}

void Freeze::stop_newcomers() {
  newcomers_ = false;
  for (const pid_t pid : target_.pids()) {
    const auto state = state_of(pid);
    if (!state || knows({pid, state->start_ticks})) continue;
    newcomers_ = true;
    if (state->letter == kStopped) {
      error_ = fmt::format("pid {} stands still already", pid);
      return;
    }
    const Undo wake{.what = Undo::What::kWake, .process = {pid, state->start_ticks}};
    if (const error_code error = stopped_.promise(wake)) {
      error_ = "the guardian that would undo it is gone: " + describe(error);
      return;
    }
    if (::kill(pid, SIGSTOP) == 0 || errno == ESRCH) continue;
    error_ = fmt::format("SIGSTOP to pid {}: {}", pid, describe(last_error()));
    return;
  }
}

pid_t Freeze::running() const {
  for (const Undo& each : stopped_.all()) {
    const auto state = state_of(each.process.pid);
    const bool same = state && state->start_ticks == each.process.start_ticks;
    if (same && state->letter != kStopped) return each.process.pid;
  }
  return 0;
}

OngoingFault::State Freeze::step() {
  if (state_ == State::kOver) return state_;
  if (state_ == State::kOn) {
    const pid_t woken = running();
    if (woken == 0) return state_;
    error_ = fmt::format("pid {} was woken by somebody else before its time", woken);
    return state_ = State::kOver;
  }
  for (int round = 0; round < kRounds && state_ == State::kComing; ++round) {
    stop_newcomers();
    if (!error_.empty()) return state_ = State::kOver;
    if (newcomers_ || running() != 0) {
      ::poll(nullptr, 0, 1);
    } else {
      state_ = stopped_.all().empty() ? State::kOver : State::kOn;
    }
  }
  if (state_ == State::kOver) error_ = "the target has no process any more";
  if (state_ == State::kComing && Clock::now() > give_up_) {
    error_ = fmt::format("pid {} does not stop", running());
    state_ = State::kOver;
  }
  return state_;
}

HostFault Freeze::undo() {
  if (state_ == State::kOn) static_cast<void>(step());  // it lasted until now
  if (state_ == State::kComing && error_.empty()) error_ = "it was not stopped in time";
  HostFault came_to{.fault = HostFaultKind::kFreeze,
                    .processes = state_ == State::kComing ? 0 : stopped_.all().size()};
  const std::string failed = stopped_.undo();
  came_to.undone = failed.empty();
  came_to.error = error_.empty() ? failed : error_;
  return came_to;
}

std::string why_not_freeze(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    if (::kill(pid, 0) == 0 || errno != EPERM) continue;
    return whose(pid) + ": run it as that user, or grant CAP_KILL";
  }
  return "";
}

}  // namespace closewait
