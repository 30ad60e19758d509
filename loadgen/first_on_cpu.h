#pragma once

#include <sched.h>

#include <string>

namespace closewait {

// The CPU that a phase with `together` keeps its clients and the target on: the last of those that
// this process may use.
[[nodiscard]] int shared_cpu();

// Why this process may not go before others on its CPU (SCHED_FIFO), and what to grant; "" when it
// may.
[[nodiscard]] std::string why_not_first();

// Keeps the calling thread on one CPU and, where that is allowed, before everybody else there,
// until destroyed on the same thread: what it does between two waits, others there see at once.
class FirstOnCpu {
 public:
  explicit FirstOnCpu(int cpu);
  ~FirstOnCpu();
  FirstOnCpu(const FirstOnCpu&) = delete;
  FirstOnCpu& operator=(const FirstOnCpu&) = delete;

 private:
  cpu_set_t before_{};
  bool moved_ = false;
  bool first_ = false;
};

}  // namespace closewait
