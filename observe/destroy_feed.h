#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "observe/diag_message.h"

namespace closewait {

// The kernel's news of destroyed TCP sockets of some local ports: netlink multicast groups
// SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY (linux/sock_diag.h), of this network
// namespace, without privilege. A filter in the kernel drops all other ports before they take
// room. Owns its socket and buffers; one thread at a time.
class DestroyFeed {
 public:
  static constexpr std::size_t kMostPorts = 64;

  // Joins the groups, for at most kMostPorts ports: every socket destroyed from now on is told.
  // `buffer` is what SO_RCVBUF is set to; an event that waits takes 640 bytes of it. See
  // buffer_note() for what was granted.
  [[nodiscard]] static Result<DestroyFeed> open(const std::vector<std::uint16_t>& ports,
                                                std::size_t buffer);

  // Waits for events, at most `timeout`, or until `stop_fd` (-1: none) is readable, which is left
  // so. Gives what there was, in order; empty when nothing came. Valid until the next read().
  // Under load it reads once a millisecond and not more. That makes an event cost about 1.3 us: 6
  // to 7 % of a core at 50,000 a second. The kernel tells of a socket from a worker thread, which
  // may itself be some milliseconds late where processors are short.
  [[nodiscard]] Result<std::span<const DestroyEvent>> read(int stop_fd, Nanoseconds timeout);

  // How many events of the ports were lost, as of the last read(): thrown away by the kernel, by
  // its own count, because the buffer was full, or not readable. Which ones is not known. What the
  // filter sorts out is not in it. An event is read, counted here, or still to come; only where the
  // kernel finds no memory for one is it gone without a trace.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  [[nodiscard]] std::size_t buffer_bytes() const noexcept { return buffer_bytes_; }
  // Why the buffer is smaller than asked for, and what to grant; "" when it is not.
  [[nodiscard]] const std::string& buffer_note() const noexcept { return buffer_note_; }

 private:
  struct Slots;  // where recvmmsg puts messages
  struct DeleteSlots {
    void operator()(Slots* slots) const noexcept;
  };

  explicit DestroyFeed(UniqueFd fd);
  [[nodiscard]] error_code size_buffer(std::size_t wanted);
  [[nodiscard]] error_code drain();
  [[nodiscard]] error_code count_dropped();

  UniqueFd fd_;
  std::unique_ptr<Slots, DeleteSlots> slots_;
  std::vector<DestroyEvent> events_;
  Instant last_read_{};
  std::uint32_t kernel_count_ = 0;  // of drops; it wraps around
  std::uint64_t dropped_ = 0;
  std::size_t buffer_bytes_ = 0;
  std::string buffer_note_;
};

}  // namespace closewait
