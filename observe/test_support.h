#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/unique_fd.h"

// Real sockets and processes for the tests of this folder.
namespace closewait::testing {

// Tries until it holds, at most 5 s.
inline bool eventually(const std::function<bool()>& holds) {
  const Instant deadline = Clock::now() + std::chrono::seconds(5);
  while (!holds()) {
    if (Clock::now() > deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

inline UniqueFd tcp_socket(const SocketAddress& address) {
  return UniqueFd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// Listens at a free port of `ip`; an empty UniqueFd when that fails.
inline UniqueFd listen_on(std::string_view ip, int backlog = 64) {
  const SocketAddress address = SocketAddress::parse_ip(ip, 0).value();
  UniqueFd fd = tcp_socket(address);
  if (::bind(fd.get(), address.data(), address.size()) != 0) return UniqueFd();
  if (::listen(fd.get(), backlog) != 0) return UniqueFd();
  return fd;
}

inline SocketAddress address_of(const UniqueFd& fd) {
  return SocketAddress::local_of(fd.get()).value();
}

inline std::uint16_t port_of(const UniqueFd& fd) { return address_of(fd).port(); }

inline UniqueFd connect_to(const SocketAddress& address) {
  UniqueFd fd = tcp_socket(address);
  if (::connect(fd.get(), address.data(), address.size()) != 0) return UniqueFd();
  return fd;
}

inline UniqueFd accept_from(const UniqueFd& listener) {
  return UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

// Closes with an RST.
inline void reset_connection(UniqueFd fd) {
  const linger abort{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

// What recv() says when the peer ended: 0 for FIN, -1 for RST (and after 5 s without either).
inline ssize_t receive_end(const UniqueFd& fd) {
  const timeval limit{5, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  std::array<char, 512> bytes{};
  ssize_t got = 0;
  while ((got = ::recv(fd.get(), bytes.data(), bytes.size(), 0)) > 0) {
  }
  return got;
}

// A process that runs `body` and then waits to be killed. Owns it: the destructor kills and reaps
// it. The constructor returns when `body` is through.
class ChildProcess {
 public:
  explicit ChildProcess(const std::function<void()>& body) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    UniqueFd told(ends[0]);
    UniqueFd tell(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      body();
      (void)!::write(tell.get(), "r", 1);
      for (;;) ::pause();
    }
    tell.reset();
    char byte = 0;
    ready_ = ::read(told.get(), &byte, 1) == 1;
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    kill_now();
    reap();
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool ready() const { return ready_; }
  // After this it is a zombie, until reap().
  void kill_now() const {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  void reap() {
    if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
};

// "0a1b" as bytes.
inline std::vector<std::byte> bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

}  // namespace closewait::testing
