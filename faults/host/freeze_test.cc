#include "faults/host/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "faults/host/process_for_tests.h"

namespace closewait {
namespace {

using State = OngoingFault::State;
using testing::eventually;
using ::testing::HasSubstr;
using testing::letter_of;
using testing::ObedientProcess;
using testing::settle;

constexpr std::chrono::milliseconds kMoment(50);

// A process with a child, and a fault to both.
struct Frozen {
  Guardian guardian;
  ObedientProcess process;
  pid_t child = process.start_child();
  HostTarget target{.pids =
                        [this] {
                          return std::vector<pid_t>{process.pid(), child};
                        },
                    .sockets = {}};
  Freeze freeze{{}, target, guardian};
};

TEST(Freeze, StopsEveryProcessAndWakesAllOfThem) {
  Frozen frozen;
  ASSERT_TRUE(frozen.process.answers());
  ASSERT_EQ(settle(frozen.freeze), State::kOn);
  EXPECT_EQ(letter_of(frozen.process.pid()), 'T');
  EXPECT_EQ(letter_of(frozen.child), 'T');
  EXPECT_FALSE(frozen.process.answers(kMoment));
  EXPECT_EQ(frozen.freeze.step(), State::kOn);
  const HostFault came_to = frozen.freeze.undo();
  EXPECT_EQ(came_to.fault, HostFaultKind::kFreeze);
  EXPECT_EQ(came_to.processes, 2U);
  EXPECT_EQ(came_to.error, "");
  EXPECT_TRUE(came_to.undone);
  EXPECT_NE(letter_of(frozen.process.pid()), 'T');
  EXPECT_NE(letter_of(frozen.child), 'T');
  EXPECT_TRUE(frozen.process.answers());
}

TEST(Freeze, EndsWithItsOwner) {
  Guardian guardian;
  ObedientProcess process;
  const HostTarget target{.pids = [&] { return std::vector<pid_t>{process.pid()}; }, .sockets = {}};
  {
    Freeze freeze({}, target, guardian);
    ASSERT_EQ(settle(freeze), State::kOn);
    EXPECT_EQ(letter_of(process.pid()), 'T');
  }
  EXPECT_TRUE(process.answers());
}

// What did not last did not happen.
TEST(Freeze, DoesNotCountWhenSomebodyElseWakesTheTarget) {
  for (const bool looked_at : {true, false}) {
    Frozen frozen;
    ASSERT_EQ(settle(frozen.freeze), State::kOn);
    ::kill(frozen.child, SIGCONT);
    ASSERT_TRUE(eventually([&] { return letter_of(frozen.child) != 'T'; }));
    if (looked_at) {
      EXPECT_EQ(frozen.freeze.step(), State::kOver);
    }
    const HostFault came_to = frozen.freeze.undo();
    EXPECT_THAT(came_to.error, HasSubstr("was woken by somebody else"));
    EXPECT_TRUE(came_to.undone);
    EXPECT_TRUE(frozen.process.answers());
  }
}

TEST(Freeze, LeavesAloneWhatStandsStillAlready) {
  Frozen frozen;
  ::kill(frozen.process.pid(), SIGSTOP);
  ASSERT_TRUE(eventually([&] { return letter_of(frozen.process.pid()) == 'T'; }));
  EXPECT_EQ(settle(frozen.freeze), State::kOver);
  EXPECT_EQ(frozen.freeze.step(), State::kOver);
  EXPECT_THAT(frozen.freeze.undo().error, HasSubstr("stands still already"));
  EXPECT_EQ(letter_of(frozen.process.pid()), 'T') << "it was not the rig that stopped it";
}

TEST(Freeze, OfATargetThatHasEndedDoesNotCount) {
  Guardian guardian;
  const HostTarget target{.pids = [] { return std::vector<pid_t>(); }, .sockets = {}};
  Freeze freeze({}, target, guardian);
  EXPECT_EQ(settle(freeze), State::kOver);
  EXPECT_THAT(freeze.undo().error, HasSubstr("no process any more"));
}

// The end of a process that stands still is no reason to complain of the freeze.
TEST(Freeze, OfATargetThatIsKilledMeanwhileLeavesNothing) {
  Frozen frozen;
  ASSERT_EQ(settle(frozen.freeze), State::kOn);
  ::kill(frozen.child, SIGKILL);
  ASSERT_TRUE(eventually([&] { return letter_of(frozen.child) == '-'; }));
  const HostFault came_to = frozen.freeze.undo();
  EXPECT_EQ(came_to.error, "");
  EXPECT_TRUE(came_to.undone);
}

TEST(Freeze, StopsWhoIsStartedWhileItIsComing) {
  Guardian guardian;
  ObedientProcess process;
  ObedientProcess late;
  int asked = 0;
  const HostTarget growing{.pids =
                               [&] {
                                 return ++asked == 1
                                            ? std::vector<pid_t>{process.pid()}
                                            : std::vector<pid_t>{process.pid(), late.pid()};
                               },
                           .sockets = {}};
  Freeze freeze({}, growing, guardian);
  ASSERT_EQ(settle(freeze), State::kOn);
  EXPECT_EQ(letter_of(late.pid()), 'T');
  EXPECT_EQ(freeze.undo().processes, 2U);
}

}  // namespace
}  // namespace closewait
