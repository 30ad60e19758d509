#pragma once

#include <optional>
#include <string>

#include "faults/host/one_cpu.h"
#include "loadgen/scenario.h"
#include "rig/target_process.h"

namespace closewait {

// Whether any phase asks that events reach the target together.
[[nodiscard]] bool asks_together(const Scenario& scenario);

// Keeps the target's processes where the workers' threads are in phases with `together`, so that
// what these do at once is seen at once. Borrows target and guardian; null when no phase asks for
// it. The run's own thread.
class Together {
 public:
  Together(TargetProcess& target, Guardian* guardian) : target_(target), guardian_(guardian) {}

  // "", or what the phase has to do without: its events may reach the target one by one.
  [[nodiscard]] std::string begin(const Phase& phase);
  // The phase is over. False when something of it is not undone.
  [[nodiscard]] bool end();

 private:
  TargetProcess& target_;
  Guardian* guardian_;
  std::optional<OneCpu> one_cpu_;
};

}  // namespace closewait
