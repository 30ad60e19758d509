#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/generator.h"
#include "loadgen/scenario.h"
#include "observe/network.h"
#include "rig/finding_command.h"
#include "rig/host_faults.h"
#include "rig/identity.h"
#include "rig/interrupt.h"
#include "rig/progress.h"
#include "rig/recorder.h"
#include "rig/target_process.h"
#include "rig/together.h"

namespace closewait {

// Takes a run through its phases: begins storms, waits them out with a line a second, cuts what
// outstays its grace, does meanwhile what is to be done to the target's process, waits in rests
// until nothing moves and takes the census. It notices the end
// of the target and the user's interrupt at once. Borrows everything; the run's own thread.
class Runner {
 public:
  struct Parts {
    const Scenario& scenario;
    TargetProcess& target;
    Generator& generator;
    Identity* identity;  // null without destroy events
    Recorder& recorder;
    Progress& progress;
    const Interrupt& interrupt;
    Guardian* guardian;  // null without host faults
    FindingCommand& on_finding;
  };
  enum class Ending : std::uint8_t {
    kFinished,
    kInterrupted,
    kTargetEnded,
    kRigBroke,   // the generator is in trouble
    kNotUndone,  // a host fault: what is seen of the target afterwards says nothing of it
    kStopped,    // on the first finding, as the scenario asks
  };

  explicit Runner(const Parts& parts);

  [[nodiscard]] Ending run();

 private:
  // How a rest went: see Census.
  struct Quiet {
    bool settled = false;
    double busy_cores = 0;
    double queue_waited = 0;
  };

  [[nodiscard]] bool cycle(std::uint64_t number);
  [[nodiscard]] bool storm(const Phase& phase, std::uint64_t cycle);
  [[nodiscard]] bool rest(const Phase& phase, std::uint64_t cycle);
  void wait_for_clients();
  void wait_until_quiet(const Phase& phase);
  void take_census(std::uint64_t cycle);
  [[nodiscard]] bool pass_time(Instant until);
  void write_second();
  void write_last_second();
  [[nodiscard]] std::uint64_t turned_away();
  void look_at_target(SecondLine& second);
  [[nodiscard]] std::vector<pid_t> rig_processes() const;
  [[nodiscard]] std::optional<Sample> look_at_rig() const;
  [[nodiscard]] PhaseLine line_of(const Phase& phase, std::uint64_t cycle) const;
  [[nodiscard]] bool time_for_another(std::uint64_t cycles_done) const;

  Parts parts_;
  Ending ending_ = Ending::kFinished;
  PhaseLine phase_;  // the one that is on
  Instant began_;
  Instant next_second_;
  Instant next_socket_count_;
  NetworkWatch network_;
  double last_second_ = 0;
  double last_cpu_ = 0;
  bool all_counted_ = true;  // no client ran when the phase before this one was over
  Quiet quiet_;              // of the last rest
  bool leak_known_ = false;
  HostFaults host_;
  Together together_;
};

}  // namespace closewait
