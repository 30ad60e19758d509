#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/scenario.h"
#include "record/tally.h"

namespace closewait {

// Whoever plays the phases of a run: workers of this process (Engine) or of several (Processes).
// Called by one thread.
class Generator {
 public:
  Generator() = default;
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  virtual ~Generator() = default;

  // Begins a phase of the scenario with clients now. The one before must be idle.
  virtual void begin(const Phase& phase) = 0;
  // No client runs and none will.
  [[nodiscard]] virtual bool idle() = 0;
  // Resets every client that still runs.
  virtual void cut() = 0;

  struct Report {
    Tally tally;                // what was counted since the last report
    std::uint64_t open = 0;     // connections now
    double busiest_worker = 0;  // share of its core since the last report, 0 to 1
    double cpu_seconds = 0;     // since the last report, of processes other than this one
  };
  [[nodiscard]] virtual Report report() = 0;

  // The processes that play, other than this one.
  [[nodiscard]] virtual std::vector<pid_t> processes() const { return {}; }

  // What went wrong with the generator itself, after which it plays no more; "" when nothing did.
  [[nodiscard]] virtual std::string trouble() { return {}; }
  // Becomes readable when there may be trouble; -1 when that cannot be.
  [[nodiscard]] virtual int trouble_fd() const { return -1; }
};

}  // namespace closewait
