#include "faults/host/guardian.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "faults/host/few_descriptors.h"
#include "faults/host/freeze.h"
#include "faults/host/one_cpu.h"
#include "faults/host/process_for_tests.h"

namespace closewait {
namespace {

using ::testing::ElementsAre;
using testing::eventually;
using ::testing::HasSubstr;
using testing::letter_of;
using testing::ObedientProcess;
using testing::settle;

// Stands in for the rig: does something under a guardian, says which pid that has, and waits to be
// killed. Owns the process.
class Rig {
 public:
  explicit Rig(const std::function<void(Guardian&)>& body) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    const UniqueFd told(ends[0]);
    UniqueFd tell(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      Guardian guardian;
      body(guardian);
      const pid_t its = guardian.pid();
      static_cast<void>(!::write(tell.get(), &its, sizeof(its)));
      while (true) ::pause();
    }
    tell.reset();
    static_cast<void>(!::read(told.get(), &guardian_, sizeof(guardian_)));
  }
  ~Rig() { kill(); }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  [[nodiscard]] pid_t guardian() const { return guardian_; }
  void kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  pid_t guardian_ = -1;
};

HostTarget only(const ObedientProcess& process) {
  return {.pids = [pid = process.pid()] { return std::vector<pid_t>{pid}; }, .sockets = {}};
}

bool is_gone(pid_t pid) { return letter_of(pid) == '-'; }

TEST(Guardian, WakesTheTargetWhenTheRigIsKilled) {
  ObedientProcess process;
  const HostTarget target = only(process);
  Rig rig([&](Guardian& guardian) {
    static_cast<void>(settle(*new Freeze({}, target, guardian)));  // nobody ends it
  });
  ASSERT_EQ(letter_of(process.pid()), 'T');
  rig.kill();
  EXPECT_TRUE(eventually([&] { return letter_of(process.pid()) != 'T'; }));
  EXPECT_TRUE(process.answers());
  EXPECT_TRUE(eventually([&] { return is_gone(rig.guardian()); })) << "it has done its duty";
}

TEST(Guardian, PutsTheLimitBackWhenTheRigIsKilled) {
  ObedientProcess process;
  const HostTarget target = only(process);
  const auto before = descriptor_limit(process.pid());
  Rig rig([&](Guardian& guardian) {
    static_cast<void>(settle(*new FewDescriptors({}, target, guardian)));
  });
  ASSERT_LT(*descriptor_limit(process.pid()), *before);
  EXPECT_EQ(process.open_another(), EMFILE);
  rig.kill();
  EXPECT_TRUE(eventually([&] { return *descriptor_limit(process.pid()) == *before; }));
  EXPECT_EQ(process.open_another(), 0);
}

TEST(Guardian, GivesTheCpusBackWhenTheRigIsKilled) {
  ObedientProcess process;
  const auto before = cpus_of(process.pid());
  Rig rig([&](Guardian& guardian) {
    static_cast<void>((new OneCpu(guardian))->keep({process.pid()}, 0));
  });
  CpuSet first;
  first.add(0);
  ASSERT_EQ(*cpus_of(process.pid()), first);
  rig.kill();
  EXPECT_TRUE(eventually([&] { return *cpus_of(process.pid()) == *before; }));
}

// Ctrl-C goes to every process of the terminal's group, and a service manager sends SIGTERM.
TEST(Guardian, IsNotEndedByWhatEndsTheRig) {
  ObedientProcess process;
  const HostTarget target = only(process);
  Rig rig(
      [&](Guardian& guardian) { static_cast<void>(settle(*new Freeze({}, target, guardian))); });
  EXPECT_NE(::getpgid(rig.guardian()), ::getpgrp());
  EXPECT_NE(::getsid(rig.guardian()), ::getsid(0));
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1}) {
    ::kill(rig.guardian(), signal);
  }
  EXPECT_FALSE(is_gone(rig.guardian()));
  EXPECT_EQ(letter_of(process.pid()), 'T');
  rig.kill();
  EXPECT_TRUE(process.answers());
}

// What was undone is not undone again: who stops the target later means it.
TEST(Guardian, ForgetsWhatIsReleased) {
  ObedientProcess process;
  const HostTarget target = only(process);
  Rig rig([&](Guardian& guardian) {
    Freeze freeze({}, target, guardian);
    static_cast<void>(settle(freeze));
    static_cast<void>(freeze.undo());
  });
  ASSERT_TRUE(process.answers());
  ::kill(process.pid(), SIGSTOP);
  ASSERT_TRUE(eventually([&] { return letter_of(process.pid()) == 'T'; }));
  rig.kill();
  ASSERT_TRUE(eventually([&] { return is_gone(rig.guardian()); }));
  EXPECT_EQ(letter_of(process.pid()), 'T');
}

TEST(Guardian, LeavesALimitThatIsSomebodyElses) {
  ObedientProcess process;
  const HostTarget target = only(process);
  Rig rig([&](Guardian& guardian) {
    static_cast<void>(settle(*new FewDescriptors({}, target, guardian)));
  });
  ASSERT_FALSE(set_descriptor_limit(process.pid(), 17));
  rig.kill();
  ASSERT_TRUE(eventually([&] { return is_gone(rig.guardian()); }));
  EXPECT_EQ(*descriptor_limit(process.pid()), 17U);
}

TEST(Guardian, HoldsNoDescriptorOfTheRigs) {
  const UniqueFd connection(::socket(AF_INET, SOCK_STREAM, 0));  // inheritable, as a careless one
  const UniqueFd file(::open("/proc/self/stat", O_RDONLY));
  const Guardian guardian;
  std::vector<std::uint64_t> held;
  EXPECT_TRUE(eventually([&] {
    held = descriptors_of(guardian.pid()).value();
    return held.size() == 3;
  }));
  EXPECT_THAT(held, ElementsAre(0, 1, 2));
  for (const char* number : {"1", "2"}) {
    std::array<char, 64> target{};
    const std::string link = fmt::format("/proc/{}/fd/{}", guardian.pid(), number);
    EXPECT_GT(::readlink(link.c_str(), target.data(), target.size() - 1), 0);
    EXPECT_STREQ(target.data(), "/dev/null");
  }
}

TEST(Guardian, EndsWithItsOwnerAndLeavesNoZombie) {
  pid_t pid = 0;
  {
    const Guardian guardian;
    pid = guardian.pid();
    EXPECT_FALSE(is_gone(pid));
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

// Without it nothing is done that nobody could undo.
TEST(Guardian, ThatIsGoneLetsNothingBeDone) {
  Guardian guardian;
  ::kill(guardian.pid(), SIGKILL);
  // With all its threads, of which a sanitizer has one more; it is left for the guardian to reap.
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(guardian.pid()), &ended, WEXITED | WNOWAIT), 0);
  ObedientProcess process;
  const HostTarget target = only(process);
  Freeze freeze({}, target, guardian);
  EXPECT_EQ(settle(freeze), OngoingFault::State::kOver);
  EXPECT_NE(letter_of(process.pid()), 'T');
  EXPECT_THAT(freeze.undo().error, HasSubstr("the guardian that would undo it is gone"));
  const auto before = descriptor_limit(process.pid());
  FewDescriptors few({}, target, guardian);
  EXPECT_EQ(settle(few), OngoingFault::State::kOver);
  EXPECT_EQ(*descriptor_limit(process.pid()), *before);
  EXPECT_THAT(few.undo().error, HasSubstr("the guardian that would undo it is gone"));
}

}  // namespace
}  // namespace closewait
