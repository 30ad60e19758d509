#include "faults/host/few_descriptors.h"

#include <fmt/format.h>

#include <algorithm>

namespace closewait {

std::uint64_t limit_for(const std::vector<std::uint64_t>& numbers, std::uint64_t spare) {
  std::uint64_t limit = 0;
  std::uint64_t free = 0;
  for (const std::uint64_t taken : numbers) {
    if (free + (taken - limit) > spare) break;
    free += taken - limit;
    limit = taken + 1;
  }
  return limit + (spare - free);
}

FewDescriptors::FewDescriptors(const HostFaultPlan& plan, const HostTarget& target,
                               Guardian& guardian)
    : target_(target), spare_(plan.spare), limits_(guardian) {}

bool FewDescriptors::knows(const HostProcess& process) const {
  return std::ranges::any_of(limits_.all(),
                             [&](const Undo& each) { return each.process == process; });
}

// False, and why, when it cannot be limited; one that has ended is.
bool FewDescriptors::limit(const HostProcess& process) {
  const pid_t pid = process.pid;
  const auto failed = [&](const std::string& what, error_code error) {
    if (!lives(process)) return true;
    error_ = fmt::format("{} of pid {}: {}", what, pid, describe(error));
    return false;
  };
  const auto numbers = descriptors_of(pid);
  if (!numbers) return failed("the descriptors", numbers.error());
  const auto before = descriptor_limit(pid);
  if (!before) return failed("the limit", before.error());
  const std::uint64_t few = limit_for(*numbers, spare_);
  if (few >= *before) {
    error_ = fmt::format("pid {} may have {} descriptors as it is, which is no more than {}", pid,
                         *before, few);
    return false;
  }
  const Undo undo{.what = Undo::What::kLimit, .process = process, .limit = *before, .ours = few};
  if (const error_code error = limits_.promise(undo)) {
    error_ = "the guardian that would undo it is gone: " + describe(error);
    return false;
  }
  if (const error_code error = set_descriptor_limit(pid, few)) return failed("the limit", error);
  const auto beyond = static_cast<std::uint64_t>(
      std::ranges::count_if(*numbers, [few](std::uint64_t number) { return number >= few; }));
  limited_.push_back({pid, few + beyond});
  return true;
}

// A process that was started meanwhile has its parent's limit, and keeps it when the parent's is
// put back.
void FewDescriptors::adopt(const HostProcess& child) {
  const auto limit = descriptor_limit(child.pid);
  if (!limit) return;  // it has ended
  const auto parent = std::ranges::find(limits_.all(), *limit, &Undo::ours);
  if (parent == limits_.all().end()) return;
  Undo undo = *parent;
  undo.process = child;
  static_cast<void>(limits_.promise(undo));  // without a guardian it is undone here alone
}

void FewDescriptors::look_whether_full() {
  was_full_ = was_full_ || std::ranges::any_of(limited_, [](const Limited& each) {
                const auto count = count_descriptors(each.pid);
                return count && *count >= each.full_at;
              });
}

OngoingFault::State FewDescriptors::step() {
  if (state_ == State::kOver) return state_;
  if (state_ == State::kComing) turned_away_before_ = target_.turned_away();
  for (const pid_t pid : target_.pids()) {
    const auto state = state_of(pid);
    if (!state) continue;
    const HostProcess process{pid, state->start_ticks};
    if (knows(process)) continue;
    if (state_ == State::kOn) {
      adopt(process);
    } else if (!limit(process)) {
      return state_ = State::kOver;
    }
  }
  if (limited_.empty()) {
    error_ = "the target has no process any more";
    return state_ = State::kOver;
  }
  look_whether_full();
  return state_ = State::kOn;
}

HostFault FewDescriptors::undo() {
  if (state_ == State::kOn) static_cast<void>(step());  // who was started last
  HostFault came_to{.fault = HostFaultKind::kFewDescriptors, .processes = limited_.size()};
  const std::string failed = limits_.undo();
  was_full_ = was_full_ || target_.turned_away() > turned_away_before_;
  came_to.undone = failed.empty();
  if (error_.empty() && !was_full_) {
    error_ = fmt::format(
        "no process was seen at its limit, {} descriptors more than it had, and no client was "
        "turned away: a smaller 'spare', or more clients that stay",
        spare_);
  }
  came_to.error = error_.empty() ? failed : error_;
  return came_to;
}

std::string why_not_few_descriptors(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    if (const auto limit = descriptor_limit(pid); !limit && limit.error() == errno_error(EPERM)) {
      return whose(pid) + ": run it as that user, or grant CAP_SYS_RESOURCE";
    }
    if (const auto all = descriptors_of(pid); !all && all.error() == errno_error(EACCES)) {
      return whose(pid) + ", and may not look at its descriptors: grant CAP_SYS_PTRACE";
    }
  }
  return "";
}

}  // namespace closewait
