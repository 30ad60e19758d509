#include "faults/host/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "faults/host/process_for_tests.h"

namespace closewait {
namespace {

TEST(HostProcess, IsKnownByItsPidAndItsStart) {
  const auto self = state_of(::getpid());
  ASSERT_TRUE(self);
  EXPECT_EQ(self->letter, 'R');
  EXPECT_GT(self->start_ticks, 0U);
  EXPECT_TRUE(lives({::getpid(), self->start_ticks}));
  EXPECT_FALSE(lives({::getpid(), self->start_ticks + 1})) << "another one that got its pid";
}

TEST(HostProcess, MayBeCalledAnything) {
  std::array<char, 16> before{};
  ::prctl(PR_GET_NAME, before.data());
  ::prctl(PR_SET_NAME, "a) T 1 (b) Z");
  const auto self = state_of(::getpid());
  ::prctl(PR_SET_NAME, before.data());
  ASSERT_TRUE(self);
  EXPECT_EQ(self->letter, 'R');
}

TEST(HostProcess, ThatHasEndedHasNoState) {
  pid_t pid = 0;
  {
    const testing::ObedientProcess process;
    pid = process.pid();
    EXPECT_TRUE(state_of(pid));
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(testing::eventually([&] { return !state_of(pid); })) << "nor has a zombie";
  }
  EXPECT_FALSE(state_of(pid));
  EXPECT_FALSE(descriptors_of(pid));
  EXPECT_FALSE(descriptor_limit(pid));
}

TEST(HostProcess, CountsItsDescriptors) {
  testing::ObedientProcess process;
  const auto before = descriptors_of(process.pid());
  ASSERT_TRUE(before);
  EXPECT_EQ(process.open_another(), 0);
  EXPECT_EQ(descriptors_of(process.pid())->size(), before->size() + 1);
  EXPECT_EQ(*count_descriptors(process.pid()), before->size() + 1);
}

TEST(HostProcess, KeepsItsHardLimitWhenTheSoftOneIsSet) {
  const testing::ObedientProcess process;
  const auto before = descriptor_limit(process.pid());
  ASSERT_TRUE(before);
  EXPECT_FALSE(set_descriptor_limit(process.pid(), 7));
  EXPECT_EQ(*descriptor_limit(process.pid()), 7U);
  EXPECT_FALSE(set_descriptor_limit(process.pid(), *before)) << "the hard one is where it was";
}

}  // namespace
}  // namespace closewait
