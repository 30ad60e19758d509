#include "observe/epoll_sets.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "observe/test_support.h"

namespace closewait {
namespace {

class EpollSetsTest : public ::testing::Test {
 protected:
  void add(const UniqueFd& fd) const {
    epoll_event wanted{.events = EPOLLIN, .data = {}};
    ASSERT_EQ(::epoll_ctl(set_.get(), EPOLL_CTL_ADD, fd.get(), &wanted), 0);
  }
  // Beside what else this process has registered.
  [[nodiscard]] std::uint64_t ghosts() const { return seen().ghosts - before_.ghosts; }
  [[nodiscard]] std::uint64_t registrations() const {
    return seen().registrations - before_.registrations;
  }
  [[nodiscard]] static EpollSets seen() {
    return look_at_epoll_sets({{::getpid(), list_fds(::getpid()).value()}});
  }

  const EpollSets before_ = seen();
  const UniqueFd set_{::epoll_create1(EPOLL_CLOEXEC)};
  UniqueFd socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  UniqueFd event_{::eventfd(0, EFD_CLOEXEC)};
};

TEST_F(EpollSetsTest, WhatIsOpenIsNoGhost) {
  add(socket_);
  add(event_);
  EXPECT_EQ(registrations(), 2U);
  EXPECT_EQ(ghosts(), 0U);
}

TEST_F(EpollSetsTest, WhatIsClosedWhileADuplicateLivesIsOne) {
  add(socket_);
  const UniqueFd duplicate(::dup(socket_.get()));
  EXPECT_EQ(ghosts(), 0U);
  socket_.reset();
  EXPECT_EQ(ghosts(), 1U);
}

TEST_F(EpollSetsTest, ANumberThatIsUsedAgainHidesNone) {
  add(socket_);
  const int number = socket_.get();
  const UniqueFd duplicate(::dup(number));
  socket_.reset();
  const UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(other.get(), number);
  EXPECT_EQ(ghosts(), 1U);
  add(other);
  EXPECT_EQ(registrations(), 2U) << "the set holds the number twice";
  EXPECT_EQ(ghosts(), 1U);
}

// All of them have the same inode.
TEST_F(EpollSetsTest, OfEventfdsTheKernelTells) {
  add(event_);
  const int number = event_.get();
  const UniqueFd duplicate(::dup(number));
  event_.reset();
  const UniqueFd other(::eventfd(0, EFD_CLOEXEC));
  ASSERT_EQ(other.get(), number);
  EXPECT_EQ(ghosts(), 1U);
}

// A worker that shares the set of its parent and has closed what is not its own.
TEST_F(EpollSetsTest, WhatAnotherProcessHoldsByThatNumberIsNone) {
  add(socket_);
  testing::ChildProcess child([this] { socket_.reset(); });
  ASSERT_TRUE(child.ready());
  const auto look = [&] {
    return look_at_epoll_sets(
        {{::getpid(), list_fds(::getpid()).value()}, {child.pid(), list_fds(child.pid()).value()}});
  };
  EXPECT_EQ(look().ghosts - before_.ghosts, 0U);
  const EpollSets alone = look_at_epoll_sets({{child.pid(), list_fds(child.pid()).value()}});
  EXPECT_EQ(alone.ghosts - before_.ghosts, 1U) << "of the child alone it would be";
}

}  // namespace
}  // namespace closewait
