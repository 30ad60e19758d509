#include "faults/readiness.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>

#include "base/unique_fd.h"

namespace closewait {
namespace {

namespace asio = boost::asio;
using Direction = Readiness::Direction;

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()), 0);
    mine = UniqueFd(fds[0]);
    peers = UniqueFd(fds[1]);
  }
  void peer_writes() const { EXPECT_EQ(::write(peers.get(), "x", 1), 1); }
  void read_all() const {
    char bytes[16];
    EXPECT_GT(::read(mine.get(), bytes, sizeof(bytes)), 0);
  }

  UniqueFd mine;
  UniqueFd peers;
};

class ReadinessTest : public ::testing::Test {
 protected:
  struct Waiter {
    explicit Waiter(asio::io_context& io) : timer(io), watch(io, timer) {}

    [[nodiscard]] error_code wait(int fd, Direction direction = Direction::kRead) {
      woken = false;
      if (const auto error = watch.begin_wait(fd, direction)) return error;
      timer.expires_after(std::chrono::seconds(20));
      timer.async_wait(
          [this](error_code error) { woken = error == asio::error::operation_aborted; });
      return {};
    }

    asio::steady_timer timer;
    Readiness::Watch watch;
    bool woken = false;
  };
  // Until nothing is left to do, the waiters' timers not counted.
  void run_what_is_ready() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }

  asio::io_context io_;
};

TEST_F(ReadinessTest, WakesWhoWaitsForInput) {
  const Pair pair;
  Waiter waiter(io_);
  EXPECT_FALSE(waiter.watch.registered());
  ASSERT_FALSE(waiter.wait(pair.mine.get()));
  EXPECT_TRUE(waiter.watch.registered());
  run_what_is_ready();
  EXPECT_FALSE(waiter.woken);
  pair.peer_writes();
  run_what_is_ready();
  EXPECT_TRUE(waiter.woken);
}

TEST_F(ReadinessTest, WhatWasThereBeforeWakesToo) {
  const Pair pair;
  pair.peer_writes();
  Waiter waiter(io_);
  ASSERT_FALSE(waiter.wait(pair.mine.get()));
  run_what_is_ready();
  EXPECT_TRUE(waiter.woken);
}

TEST_F(ReadinessTest, SaysWhenAReadWouldFindNothing) {
  Pair pair;
  pair.peer_writes();
  Waiter waiter(io_);
  ASSERT_FALSE(waiter.wait(pair.mine.get()));
  run_what_is_ready();
  EXPECT_TRUE(waiter.watch.may_read());
  pair.read_all();
  waiter.watch.has_read_all();
  EXPECT_FALSE(waiter.watch.may_read());
  ASSERT_FALSE(waiter.wait(pair.mine.get()));
  pair.peers.reset();
  run_what_is_ready();
  EXPECT_TRUE(waiter.woken);
  waiter.watch.has_read_all();
  EXPECT_TRUE(waiter.watch.may_read()) << "no event tells of an end a second time";
}

TEST_F(ReadinessTest, WakesWhoWaitsForRoom) {
  const Pair pair;
  const std::array<char, 4096> bytes{};
  while (::write(pair.mine.get(), bytes.data(), bytes.size()) > 0) {
  }
  Waiter waiter(io_);
  ASSERT_FALSE(waiter.wait(pair.mine.get()));
  waiter.watch.end_wait();
  waiter.timer.cancel();
  run_what_is_ready();
  ASSERT_FALSE(waiter.wait(pair.mine.get(), Direction::kWrite));
  pair.peer_writes();
  run_what_is_ready();
  EXPECT_FALSE(waiter.woken) << "that is input";
  std::array<char, 65536> taken{};
  while (::read(pair.peers.get(), taken.data(), taken.size()) > 0) {
  }
  run_what_is_ready();
  EXPECT_TRUE(waiter.woken);
}

// As where a process was forked: what it still has stays in the set, and speaks of nobody.
TEST_F(ReadinessTest, LateEventsOfAClosedSocketReachNobody) {
  Pair gone;
  const UniqueFd still_open(::dup(gone.mine.get()));
  auto first = std::make_unique<Waiter>(io_);
  ASSERT_FALSE(first->wait(gone.mine.get()));
  first->watch.end_wait();
  first->timer.cancel();
  run_what_is_ready();
  first.reset();
  gone.mine.reset();

  const Pair pair;
  Waiter second(io_);  // in the slot that the first has left
  ASSERT_FALSE(second.wait(pair.mine.get()));
  gone.peer_writes();
  run_what_is_ready();
  EXPECT_FALSE(second.woken);
  pair.peer_writes();
  run_what_is_ready();
  EXPECT_TRUE(second.woken);
}

TEST_F(ReadinessTest, KeepsNoContextRunningThatNobodyWaitsIn) {
  const Pair pair;
  Waiter waiter(io_);
  ASSERT_FALSE(waiter.wait(pair.mine.get()));
  pair.peer_writes();
  io_.run();
  EXPECT_TRUE(waiter.woken);
  ASSERT_FALSE(waiter.wait(pair.mine.get()));
  waiter.watch.end_wait();
  waiter.timer.cancel();
  io_.restart();
  io_.run();
  EXPECT_TRUE(io_.stopped());
}

TEST_F(ReadinessTest, WhatCannotBeWatchedIsAnError) {
  Waiter waiter(io_);
  EXPECT_EQ(waiter.watch.begin_wait(-1, Direction::kRead), errno_error(EBADF));
}

}  // namespace
}  // namespace closewait
