#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>

#include "base/address.h"
#include "base/clock.h"
#include "base/pattern.h"
#include "base/unique_fd.h"

namespace closewait {

inline constexpr Nanoseconds kLongEnough = std::chrono::seconds(20);

// Polls until `condition` holds; false when it does not by the deadline.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const Instant deadline = Clock::now() + kLongEnough;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// Whether somebody listens there.
inline bool connects(const SocketAddress& address) {
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.data(), address.size()) == 0;
}

// A blocking client that sees what a peer sees. Owns its socket; no call takes longer than
// kLongEnough.
class Peer {
 public:
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) {
    const timeval limit{
        .tv_sec = std::chrono::duration_cast<std::chrono::seconds>(kLongEnough).count(),
        .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  explicit Peer(const SocketAddress& address, int receive_buffer = 0)
      : Peer(UniqueFd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0))) {
    if (receive_buffer > 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    EXPECT_EQ(::connect(fd_.get(), address.data(), address.size()), 0) << address.to_string();
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }
  void shut_down_sending() { ::shutdown(fd_.get(), SHUT_WR); }

  // "" at the end of the stream; sets error() when it ended badly.
  std::string receive(std::size_t most = 1 << 20) {
    std::string bytes(most, '\0');
    const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    error_ = size < 0 ? errno : 0;
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  std::string receive_exactly(std::size_t size) {
    std::string all;
    while (all.size() < size) {
      const std::string some = receive(size - all.size());
      if (some.empty()) break;
      all += some;
    }
    return all;
  }
  std::string receive_all() {
    std::string all;
    for (std::string some = receive(); !some.empty(); some = receive()) all += some;
    return all;
  }

  // Everything up to and with `mark`, one byte at a time.
  std::string receive_until(std::string_view mark) {
    std::string all;
    while (!all.ends_with(mark)) {
      const std::string some = receive(1);
      if (some.empty()) break;
      all += some;
    }
    return all;
  }

  void reset() {
    const ::linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
  }
  void close() { fd_.reset(); }
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  int error_ = 0;
};

inline std::string pattern_text(std::size_t size) {
  std::string text;
  while (text.size() < size) {
    const auto piece = pattern(text.size(), size - text.size());
    for (const std::byte byte : piece) text.push_back(static_cast<char>(byte));
  }
  return text;
}

}  // namespace closewait
