#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "faults/host/guardian.h"
#include "faults/host/host_fault.h"
#include "loadgen/scenario.h"
#include "rig/progress.h"
#include "rig/recorder.h"
#include "rig/target_process.h"

namespace closewait {

// Whether any phase asks for one.
[[nodiscard]] bool has_host_faults(const Scenario& scenario);

// Throws SetupError, with what to grant, when the faults of a scenario cannot be done to this
// target, before anything is. Null: what can be known before there is a target.
void require_host_faults(const Scenario& scenario, TargetProcess* target);

// Does to the target's processes what a phase asks for, each at its instant, undoes it, and writes
// down how it went: a line each, also for one that could not be done. Whatever is on is undone in
// end() and in the destructor. Borrows its parts. The run's own thread.
class HostFaults {
 public:
  struct Parts {
    TargetProcess& target;
    Guardian* guardian;  // null when no phase asks for a fault
    Recorder& recorder;
    Progress& progress;
    std::function<std::uint64_t()> turned_away;  // clients of the target, so far
  };

  explicit HostFaults(const Parts& parts);

  // The phase begins now.
  void begin(const Phase& phase, std::uint64_t cycle);
  // Does and undoes what is due.
  void step();
  // When to call step() again at the latest.
  [[nodiscard]] Instant next() const { return next_; }
  // The phase is over, or the run. False when something of the phase is not undone.
  [[nodiscard]] bool end();

 private:
  struct Fault {
    HostFaultPlan plan;
    std::unique_ptr<OngoingFault> ongoing;  // from its instant to its end
    std::optional<Instant> on_since;        // all of it was done
    double on_at = 0;                       // the same in the record's time
    bool over = false;
  };

  void step(Fault& fault, Instant now);
  void finish(Fault& fault);

  Parts parts_;
  HostTarget host_;
  std::vector<Fault> faults_;  // of the phase that is on
  std::string phase_;
  std::uint64_t cycle_ = 0;
  Instant began_{};
  bool undone_ = true;
  Instant next_ = Instant::max();
};

}  // namespace closewait
