#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "record/finding.h"
#include "record/host_fault.h"

namespace closewait {

// How the target's process ended, as far as the rig can know it.
struct ProcessEnd {
  int wait_status = 0;   // as waitpid gives it
  bool is_child = true;  // false: not started here, the status is not known
  double t = 0;          // seconds into the run
  std::string phase;
  std::vector<std::string> behaviours;                  // of the clients that were running
  std::map<std::string, std::uint64_t> last_delivered;  // clients that did what they do, lately
  std::vector<HostFault> host_faults;                   // of that phase, so far
  std::vector<std::string> log_tail;                    // the last lines it wrote
};

[[nodiscard]] Finding crash_finding(const ProcessEnd& end);

// "signal 11 (SIGSEGV)", "exit status 1".
[[nodiscard]] std::string describe_wait_status(int wait_status);

}  // namespace closewait
