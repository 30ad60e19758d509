#include "faults/host/few_descriptors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/host/process_for_tests.h"

namespace closewait {
namespace {

using State = OngoingFault::State;
using ::testing::HasSubstr;
using testing::ObedientProcess;
using testing::settle;

TEST(LimitFor, IsOfNumbersAndTheirGaps) {
  EXPECT_EQ(limit_for({}, 0), 0U);
  EXPECT_EQ(limit_for({}, 3), 3U);
  EXPECT_EQ(limit_for({0, 1, 2}, 0), 3U);
  EXPECT_EQ(limit_for({0, 1, 2}, 5), 8U);
  EXPECT_EQ(limit_for({0, 1, 2, 7}, 0), 3U) << "7 stays, and counts for nothing";
  EXPECT_EQ(limit_for({0, 1, 2, 7}, 4), 8U) << "3, 4, 5 and 6 are free";
  EXPECT_EQ(limit_for({0, 1, 2, 7}, 3), 6U);
  EXPECT_EQ(limit_for({0, 1, 2, 7}, 5), 9U);
  EXPECT_EQ(limit_for({1, 3}, 0), 0U);
  EXPECT_EQ(limit_for({1, 3}, 1), 2U);
}

struct Limited {
  Guardian guardian;
  ObedientProcess process;
  std::vector<pid_t> pids{process.pid()};
  HostTarget target{.pids = [this] { return pids; }, .sockets = {}};
  std::uint64_t before = descriptor_limit(process.pid()).value();
};

TEST(FewDescriptors, MeetsEmfileAfterTheSpareOnesAndNotAfterwards) {
  for (const std::uint64_t spare : {0U, 1U, 4U}) {
    Limited limited;
    FewDescriptors few({.spare = spare}, limited.target, limited.guardian);
    ASSERT_EQ(settle(few), State::kOn);
    for (std::uint64_t i = 0; i < spare; ++i) EXPECT_EQ(limited.process.open_another(), 0);
    EXPECT_EQ(limited.process.open_another(), EMFILE) << spare;
    EXPECT_EQ(few.step(), State::kOn);
    const HostFault came_to = few.undo();
    EXPECT_EQ(came_to.fault, HostFaultKind::kFewDescriptors);
    EXPECT_EQ(came_to.processes, 1U);
    EXPECT_EQ(came_to.error, "");
    EXPECT_TRUE(came_to.undone);
    EXPECT_EQ(*descriptor_limit(limited.process.pid()), limited.before);
    EXPECT_EQ(limited.process.open_another(), 0);
  }
}

TEST(FewDescriptors, DoNotCountWhenTheTargetNeverCameToItsLimit) {
  Limited limited;
  FewDescriptors few({.spare = 4}, limited.target, limited.guardian);
  ASSERT_EQ(settle(few), State::kOn);
  EXPECT_EQ(limited.process.open_another(), 0);
  const HostFault came_to = few.undo();
  EXPECT_THAT(came_to.error, HasSubstr("no process was seen at its limit"));
  EXPECT_TRUE(came_to.undone);
  EXPECT_EQ(*descriptor_limit(limited.process.pid()), limited.before);
}

TEST(FewDescriptors, EndWithTheirOwner) {
  Limited limited;
  {
    FewDescriptors few({}, limited.target, limited.guardian);
    ASSERT_EQ(settle(few), State::kOn);
    EXPECT_EQ(limited.process.open_another(), EMFILE);
  }
  EXPECT_EQ(limited.process.open_another(), 0);
}

// A process that is started meanwhile has the limit of the one that starts it.
TEST(FewDescriptors, AreUndoneForWhoWasStartedMeanwhileToo) {
  Limited limited;
  FewDescriptors few({}, limited.target, limited.guardian);
  ASSERT_EQ(settle(few), State::kOn);
  const pid_t child = limited.process.start_child();
  ASSERT_GT(child, 0);
  limited.pids.push_back(child);
  ASSERT_LT(*descriptor_limit(child), limited.before);
  EXPECT_EQ(few.undo().error, "");
  EXPECT_EQ(*descriptor_limit(child), limited.before);
}

TEST(FewDescriptors, AreNoFaultToWhoHasNoMoreAnyway) {
  Limited limited;
  const auto numbers = descriptors_of(limited.process.pid());
  ASSERT_TRUE(numbers);
  ASSERT_FALSE(set_descriptor_limit(limited.process.pid(), limit_for(*numbers, 2)));
  FewDescriptors few({.spare = 2}, limited.target, limited.guardian);
  EXPECT_EQ(settle(few), State::kOver);
  EXPECT_THAT(few.undo().error, HasSubstr("as it is, which is no more than"));
  EXPECT_EQ(*descriptor_limit(limited.process.pid()), limit_for(*numbers, 2)) << "not put back";
}

TEST(FewDescriptors, SayWhatToGrantForAnotherUsersProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has a process of another user at hand";
  const ObedientProcess process;
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
    const std::string why = row_of(HostFaultKind::kFewDescriptors).why_not({process.pid()});
    const std::string freeze = row_of(HostFaultKind::kFreeze).why_not({process.pid()});
    const std::string who = fmt::format(
        "pid {} is of user 0, and the rig runs as user 65534: run "
        "it as that user, or grant ",
        process.pid());
    ::_exit(why == who + "CAP_SYS_RESOURCE" && freeze == who + "CAP_KILL" ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(stranger, &status, 0), stranger);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(row_of(HostFaultKind::kFewDescriptors).why_not({process.pid()}), "");
  EXPECT_EQ(row_of(HostFaultKind::kFreeze).why_not({process.pid()}), "");
}

}  // namespace
}  // namespace closewait
