#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "server/loop/loop_counters.h"
#include "server/loop/timer_wheel.h"
#include "server/loop/watch.h"

namespace closewait {

// Waits for descriptors and deadlines and tells who asked. Owns the epoll
// descriptor, an eventfd to be woken by, and the timers; borrows the counters, and every other
// descriptor and every handler through a Watch. All watches and timers must be gone before it. One
// thread runs it and calls it, save wake() and stop(), which any thread and any signal handler may
// call.
class EventLoop {
 public:
  explicit EventLoop(LoopCounters& counters);  // throws SetupError
  ~EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] Result<Watch> watch(int fd, std::uint32_t interest, ReadyHandler& handler);
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  // When the current batch of events was fetched.
  [[nodiscard]] Instant now() const noexcept { return now_; }
  // Any thread.
  [[nodiscard]] const LoopCounters& counters() const noexcept { return counters_; }

  // Runs until stop(). Calls `on_wake` after wake().
  void run(const std::function<void()>& on_wake = {});
  // Waits once, at most `longest`, and tells everyone concerned.
  void turn(Nanoseconds longest);

  void stop() noexcept;
  void wake() noexcept;

 private:
  friend class Watch;

  struct Slot {
    std::uint32_t generation = 0;
    ReadyHandler* handler = nullptr;  // borrowed while the slot is taken
  };

  [[nodiscard]] error_code change(int fd, std::uint32_t interest, Handle handle) noexcept;
  void forget(int fd, Handle handle) noexcept;
  void dispatch(const epoll_event& event);
  void hear_wake() noexcept;
  [[nodiscard]] int timeout_ms(Nanoseconds longest) const;

  UniqueFd epoll_;
  UniqueFd wake_;
  Instant now_;
  TimerWheel timers_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::array<epoll_event, 256> batch_{};
  LoopCounters& counters_;
  bool woken_ = false;
  std::atomic<bool> stopped_{false};  // set by other threads and signal handlers
};

}  // namespace closewait
