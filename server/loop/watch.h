#pragma once

#include <cstdint>

#include "base/error.h"

namespace closewait {

class EventLoop;

// What an epoll event carries instead of a pointer. A slot is used again and again, its generation
// never, so an event for a registration that is gone finds another generation.
struct Handle {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

// Is told by an event loop, on the loop's thread, that a descriptor is ready.
class ReadyHandler {
 public:
  // `slot` is that of the watch's handle, `events` are EPOLLIN and its kin. May destroy any watch,
  // the one reported included.
  virtual void on_ready(std::uint32_t slot, std::uint32_t events) = 0;

 protected:
  ~ReadyHandler() = default;
};

// Owns one registration in an event loop and undoes it (EPOLL_CTL_DEL) when destroyed; borrows the
// loop and the descriptor, which must both outlive it. Declare it after its UniqueFd: closing a
// descriptor first does not end a registration while a dup() of it lives (seed "Down the epoll
// rabbit hole"). Belongs to the loop's thread.
class Watch {
 public:
  Watch() noexcept = default;
  Watch(EventLoop& loop, int fd, std::uint32_t interest, Handle handle) noexcept
      : loop_(&loop), fd_(fd), interest_(interest), handle_(handle) {}
  Watch(Watch&& other) noexcept;
  Watch& operator=(Watch&& other) noexcept;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { reset(); }

  // Asks for exactly these events from now on; no system call when nothing changes, unless what is
  // ready already is to be told `again` (EPOLLET).
  [[nodiscard]] error_code set(std::uint32_t interest, bool again = false) noexcept;
  void reset() noexcept;

  [[nodiscard]] Handle handle() const noexcept { return handle_; }

 private:
  EventLoop* loop_ = nullptr;
  int fd_ = -1;  // borrowed
  std::uint32_t interest_ = 0;
  Handle handle_;
};

}  // namespace closewait
