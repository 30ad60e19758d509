#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "faults/host/guardian.h"
#include "faults/host/host_fault.h"

namespace closewait {

// Stops every process of the target: a parent before its children, so that nobody starts another
// one meanwhile. On once /proc says of each that it is stopped.
class Freeze : public OngoingFault {
 public:
  Freeze(const HostFaultPlan& plan, const HostTarget& target, Guardian& guardian);

  [[nodiscard]] State step() override;
  [[nodiscard]] HostFault undo() override;

 private:
  void stop_newcomers();
  [[nodiscard]] bool knows(const HostProcess& process) const;
  // One that runs, of those that were stopped; 0 when all of them stand still.
  [[nodiscard]] pid_t running() const;

  const HostTarget& target_;
  UndoList stopped_;
  Instant give_up_;
  State state_ = State::kComing;
  bool newcomers_ = false;  // somebody was stopped for the first time in this round
  std::string error_;
};

[[nodiscard]] std::string why_not_freeze(const std::vector<pid_t>& pids);

}  // namespace closewait
