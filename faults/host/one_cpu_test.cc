#include "faults/host/one_cpu.h"

#include <gtest/gtest.h>

#include "faults/host/process_for_tests.h"

namespace closewait {
namespace {

using testing::ObedientProcess;

// The first of them.
int first_cpu(const CpuSet& cpus) {
  int cpu = 0;
  while ((cpus.bits[static_cast<std::size_t>(cpu) / 64] >> (cpu % 64) & 1) == 0) ++cpu;
  return cpu;
}

CpuSet only(int cpu) {
  CpuSet set;
  set.add(cpu);
  return set;
}

TEST(OneCpu, KeepsAProcessAndItsChildUntilItIsUndone) {
  Guardian guardian;
  ObedientProcess process;
  const pid_t child = process.start_child();
  const CpuSet before = cpus_of(process.pid()).value();
  const int cpu = first_cpu(before);
  OneCpu one_cpu(guardian);
  ASSERT_EQ(one_cpu.keep({process.pid(), child}, cpu), "");
  EXPECT_EQ(cpus_of(process.pid()).value(), only(cpu));
  EXPECT_EQ(cpus_of(child).value(), only(cpu));
  EXPECT_EQ(one_cpu.undo(), "");
  EXPECT_EQ(cpus_of(process.pid()).value(), before);
  EXPECT_EQ(cpus_of(child).value(), before);
}

TEST(OneCpu, EndsWithItsOwner) {
  Guardian guardian;
  ObedientProcess process;
  const CpuSet before = cpus_of(process.pid()).value();
  {
    OneCpu one_cpu(guardian);
    ASSERT_EQ(one_cpu.keep({process.pid()}, first_cpu(before)), "");
  }
  EXPECT_EQ(cpus_of(process.pid()).value(), before);
}

TEST(OneCpu, LeavesWhatSomebodyElseHasSetMeanwhile) {
  const CpuSet all = cpus_of(0).value();
  int other = first_cpu(all) + 1;
  if ((all.bits[0] >> other & 1) == 0) GTEST_SKIP() << "there is one CPU";
  Guardian guardian;
  ObedientProcess process;
  OneCpu one_cpu(guardian);
  ASSERT_EQ(one_cpu.keep({process.pid()}, first_cpu(all)), "");
  ASSERT_FALSE(set_cpus(process.pid(), only(other)));
  EXPECT_EQ(one_cpu.undo(), "");
  EXPECT_EQ(cpus_of(process.pid()).value(), only(other));
}

TEST(OneCpu, SaysWhatCpuThereIsNot) {
  Guardian guardian;
  ObedientProcess process;
  OneCpu one_cpu(guardian);
  EXPECT_NE(one_cpu.keep({process.pid()}, 1023), "");
  EXPECT_EQ(one_cpu.undo(), "");
}

}  // namespace
}  // namespace closewait
