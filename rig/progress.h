#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "record/lines.h"

namespace closewait {

// Where a run stands, on standard error: one line that refreshes on a terminal, one line a phase
// elsewhere. One thread.
class Progress {
 public:
  struct Setup {
    Nanoseconds planned{0};  // of the whole run
    std::uint64_t cycles = 0;
    bool phases = true;        // a line for each that is over
    std::vector<bool> polite;  // by the run's behaviours: whose p99 is shown
  };

  explicit Progress(const Setup& setup);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void phase_begins(const PhaseLine& phase);
  void second(const SecondLine& second);
  void phase_ends(const PhaseLine& phase);
  void rest_ended(const Census& census);
  void host_fault_ended(const HostFault& fault);

 private:
  [[nodiscard]] Nanoseconds polite_p99(const Tally& tally) const;
  [[nodiscard]] std::string tail(const SecondLine& second) const;
  void clear();
  void say(const std::string& line);

  Setup setup_;
  bool terminal_;
  bool drawn_ = false;
  PhaseLine phase_;
  SecondLine sum_;  // of the phase so far
};

}  // namespace closewait
