#include "server/loop/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <thread>

#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr Nanoseconds kNow{0};

UniqueFd ready_fd() { return UniqueFd(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)); }
UniqueFd quiet_fd() { return UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

struct Registered {
  UniqueFd fd;
  Watch watch;
};

struct CountingHandler : ReadyHandler {
  void on_ready(std::uint32_t, std::uint32_t) override { ++calls; }
  int calls = 0;
};

// The first of two that are ready in one batch destroys the other, and a newcomer takes over the
// other's descriptor number and slot.
struct ReplacingHandler : ReadyHandler {
  void on_ready(std::uint32_t slot, std::uint32_t) override {
    ++calls;
    auto& victim = slot == pair[0]->watch.handle().slot ? pair[1] : pair[0];
    if (newcomer || !victim) return;
    old_number = victim->fd.get();
    old_handle = victim->watch.handle();
    victim.reset();
    UniqueFd fd = quiet_fd();
    auto watch = loop->watch(fd.get(), EPOLLIN, *newcomers_handler);
    newcomer.emplace(Registered{std::move(fd), std::move(*watch)});
  }
  EventLoop* loop = nullptr;
  ReadyHandler* newcomers_handler = nullptr;
  std::optional<Registered> pair[2];
  std::optional<Registered> newcomer;
  int old_number = -1;
  Handle old_handle;
  int calls = 0;
};

TEST(EventLoop, DropsTheStaleEventOfABatchThoughSlotAndNumberAreUsedAgain) {
  LoopCounters counted;
  EventLoop loop(counted);
  CountingHandler newcomers;
  ReplacingHandler handler;
  handler.loop = &loop;
  handler.newcomers_handler = &newcomers;
  for (auto& one : handler.pair) {
    UniqueFd fd = ready_fd();
    auto watch = loop.watch(fd.get(), EPOLLIN, handler);
    ASSERT_TRUE(watch);
    one.emplace(Registered{std::move(fd), std::move(*watch)});
  }

  loop.turn(kNow);

  EXPECT_EQ(handler.calls, 1);
  EXPECT_EQ(handler.newcomer->fd.get(), handler.old_number);
  EXPECT_EQ(handler.newcomer->watch.handle().slot, handler.old_handle.slot);
  EXPECT_NE(handler.newcomer->watch.handle().generation, handler.old_handle.generation);
  EXPECT_EQ(newcomers.calls, 0) << "the stale event reached the newcomer";
  EXPECT_EQ(loop.counters().stale_events.value(), 1U);
}

TEST(EventLoop, ARegistrationGoesBeforeItsDescriptorSoADuplicateRaisesNoGhost) {
  LoopCounters counted;
  EventLoop loop(counted);
  CountingHandler handler;
  UniqueFd duplicate;
  {
    UniqueFd fd = ready_fd();
    auto watch = loop.watch(fd.get(), EPOLLIN, handler);
    ASSERT_TRUE(watch);
    const Registered registered{std::move(fd), std::move(*watch)};
    duplicate = UniqueFd(::fcntl(registered.fd.get(), F_DUPFD_CLOEXEC, 0));
  }
  loop.turn(kNow);
  EXPECT_EQ(handler.calls, 0);
  EXPECT_EQ(loop.counters().stale_events.value(), 0U)
      << "the kernel still reports the registration";
}

TEST(EventLoop, AMovedWatchIsUndoneOnce) {
  LoopCounters counted;
  EventLoop loop(counted);
  CountingHandler handler;
  const UniqueFd fd = ready_fd();
  Watch kept;
  {
    auto watch = loop.watch(fd.get(), EPOLLIN, handler);
    ASSERT_TRUE(watch);
    kept = std::move(*watch);
  }
  loop.turn(kNow);
  EXPECT_EQ(handler.calls, 1);
  EXPECT_FALSE(kept.set(0));
  loop.turn(kNow);
  EXPECT_EQ(handler.calls, 1);
}

TEST(EventLoop, IsWokenAndStoppedFromAnotherThread) {
  LoopCounters counted;
  EventLoop loop(counted);
  int woken = 0;
  std::jthread other([&loop] { loop.wake(); });
  loop.run([&] {
    ++woken;
    loop.stop();
  });
  EXPECT_EQ(woken, 1);
}

TEST(EventLoop, SaysWhyADescriptorCannotBeWatched) {
  LoopCounters counted;
  EventLoop loop(counted);
  CountingHandler handler;
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto watch = loop.watch(file.get(), EPOLLIN, handler);
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error(), errno_error(EPERM));
}

}  // namespace
}  // namespace closewait
