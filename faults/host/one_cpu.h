#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "faults/host/guardian.h"

namespace closewait {

// Keeps processes on one CPU from keep() to undo(), the destructor or, when the rig is killed, the
// guardian: each thread gets back the CPUs that it had. Threads and processes that they begin
// meanwhile stay where they were begun. Borrows the guardian. One thread.
class OneCpu {
 public:
  explicit OneCpu(Guardian& guardian) : moved_(guardian) {}

  // "", or why some thread of them could not be kept there; the others are.
  [[nodiscard]] std::string keep(const std::vector<pid_t>& pids, int cpu);
  // "", or what could not be given back.
  [[nodiscard]] std::string undo() { return moved_.undo(); }

 private:
  UndoList moved_;
};

}  // namespace closewait
