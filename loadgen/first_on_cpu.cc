#include "loadgen/first_on_cpu.h"

#include "base/error.h"

namespace closewait {
namespace {

// Of the calling thread alone.
bool set_first(bool first) {
  const sched_param param{.sched_priority = first ? ::sched_get_priority_min(SCHED_FIFO) : 0};
  return ::sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER, &param) == 0;
}

}  // namespace

int shared_cpu() {
  cpu_set_t all{};
  if (::sched_getaffinity(0, sizeof(all), &all) != 0) return 0;
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &all)) last = cpu;
  }
  return last;
}

std::string why_not_first() {
  if (!set_first(true)) {
    return "SCHED_FIFO: " + describe(last_error()) + "; grant CAP_SYS_NICE or RLIMIT_RTPRIO";
  }
  set_first(false);
  return "";
}

FirstOnCpu::FirstOnCpu(int cpu) {
  cpu_set_t one{};
  CPU_SET(cpu, &one);
  moved_ = ::sched_getaffinity(0, sizeof(before_), &before_) == 0 &&
           ::sched_setaffinity(0, sizeof(one), &one) == 0;
  first_ = set_first(true);
}

FirstOnCpu::~FirstOnCpu() {
  if (first_) set_first(false);
  if (moved_) ::sched_setaffinity(0, sizeof(before_), &before_);
}

}  // namespace closewait
