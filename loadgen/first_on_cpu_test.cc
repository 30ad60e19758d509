#include "loadgen/first_on_cpu.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

cpu_set_t own_cpus() {
  cpu_set_t cpus{};
  EXPECT_EQ(::sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  return cpus;
}

TEST(FirstOnCpu, KeepsItsThreadThereAndGivesEverythingBack) {
  const cpu_set_t before = own_cpus();
  const bool allowed = why_not_first().empty();
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER) << "asking changes nothing";
  {
    const FirstOnCpu first(shared_cpu());
    const cpu_set_t now = own_cpus();
    EXPECT_EQ(CPU_COUNT(&now), 1);
    EXPECT_TRUE(CPU_ISSET(shared_cpu(), &now));
    EXPECT_EQ(::sched_getscheduler(0), allowed ? SCHED_FIFO : SCHED_OTHER);
  }
  const cpu_set_t after = own_cpus();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
}

}  // namespace
}  // namespace closewait
