#pragma once

#include <cstdint>

#include "base/error.h"
#include "faults/host/process.h"

namespace closewait {

// How something that was done to a process is undone. Plain data: it goes down a link to the
// guardian, which does it when the rig can do it no more.
struct Undo {
  enum class What : std::uint8_t { kWake, kLimit, kCpus };

  What what = What::kWake;
  HostProcess process;
  std::uint64_t limit = 0;  // kLimit: the soft limit of descriptors as it was
  std::uint64_t ours = 0;   // and as it was set; another one is somebody else's, and stays
  CpuSet cpus;              // kCpus, of the thread `process`: those that it had
  CpuSet our_cpus;          // and those that it was given

  friend bool operator==(const Undo&, const Undo&) = default;
};

// Nothing is left to undo of a process that has ended: no error.
[[nodiscard]] error_code carry_out(const Undo& undo);

}  // namespace closewait
