#include "rig/interrupt.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace closewait {
namespace {

// In a process of its own, since the signals stay blocked: exits with 0 when the signal was seen.
[[noreturn]] void catch_signal(int signal) {
  const Interrupt interrupt;
  if (interrupt.came()) std::_Exit(1);
  ::kill(::getpid(), signal);
  pollfd wait{interrupt.fd(), POLLIN, 0};
  if (::poll(&wait, 1, 10'000) != 1) std::_Exit(2);
  const bool stays = interrupt.came() && interrupt.came();
  std::_Exit(stays ? 0 : 3);
}

TEST(InterruptDeathTest, SigintAndSigtermMakeItReadableForGood) {
  EXPECT_EXIT(catch_signal(SIGINT), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(catch_signal(SIGTERM), ::testing::ExitedWithCode(0), "");
}

[[noreturn]] void write_where_nobody_reads() {
  const Interrupt interrupt;
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::_Exit(1);
  UniqueFd(ends[0]).reset();
  const bool failed = ::write(ends[1], "x", 1) == -1 && errno == EPIPE;
  std::_Exit(failed && !interrupt.came() ? 0 : 2);
}

TEST(InterruptDeathTest, SigpipeEndsNothing) {
  EXPECT_EXIT(write_where_nobody_reads(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace closewait
