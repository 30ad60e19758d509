#include "bench/raw_calls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>

#include "base/error.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr int kLongestWait = 5000;  // milliseconds

struct Option {
  std::string_view name;
  int level;
  int number;
};
constexpr std::array kOptions{Option{"SO_LINGER", SOL_SOCKET, SO_LINGER},
                              Option{"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR},
                              Option{"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF},
                              Option{"SO_ERROR", SOL_SOCKET, SO_ERROR},
                              Option{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY},
                              Option{"TCP_INFO", IPPROTO_TCP, TCP_INFO}};

const Option& option_of(const Call& call) {
  for (const Option& each : kOptions) {
    if (each.name == call.what) return each;
  }
  throw SetupError("no raw loop for the option " + std::string(call.what));
}

bool set_option(int fd, const Call& call) {
  const Option& option = option_of(call);
  if (option.number == SO_LINGER && option.level == SOL_SOCKET) {
    constexpr linger kAbort{.l_onoff = 1, .l_linger = 0};
    return ::setsockopt(fd, option.level, option.number, &kAbort, sizeof kAbort) == 0;
  }
  int value = 1;
  std::from_chars(call.detail.data(), call.detail.data() + call.detail.size(), value);
  return ::setsockopt(fd, option.level, option.number, &value, sizeof value) == 0;
}

bool get_option(int fd, const Call& call) {
  const Option& option = option_of(call);
  std::array<std::byte, sizeof(linger)> value{};
  socklen_t size = option.number == TCP_INFO && option.level == IPPROTO_TCP ? 1 : sizeof value;
  return ::getsockopt(fd, option.level, option.number, value.data(), &size) == 0;
}

bool wait_for(int fd, short events, int milliseconds = kLongestWait) {
  pollfd ready{.fd = fd, .events = events, .revents = 0};
  return ::poll(&ready, 1, milliseconds) == 1;
}

// A wait that time ended takes its time; another takes what it takes.
void wait_as(int fd, const Call& call) {
  if (call.events == 0) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(call.took);
    static_cast<void>(::poll(nullptr, 0, static_cast<int>(took.count())));
    return;
  }
  const bool writes = (call.events & (EPOLLIN | EPOLLRDHUP)) == 0;
  static_cast<void>(wait_for(fd, writes ? POLLOUT : POLLIN));
}

int flags_of(const Call& call) {
  if (call.what == "MSG_MORE") return MSG_NOSIGNAL | MSG_MORE;
  if (call.what == "MSG_OOB") return MSG_NOSIGNAL | MSG_OOB;
  return MSG_NOSIGNAL;
}

bool send_as(int fd, const Call& call) {
  if (call.what == "MSG_OOB") return ::send(fd, "!", 1, flags_of(call)) == 1;
  if (call.result <= 0) return true;  // it was full, or over
  std::size_t sent = 0;
  while (sent < call.bytes.size()) {
    const ssize_t some =
        ::send(fd, call.bytes.data() + sent, call.bytes.size() - sent, flags_of(call));
    if (some < 0 && (errno != EAGAIN || !wait_for(fd, POLLOUT))) return false;
    if (some > 0) sent += static_cast<std::size_t>(some);
  }
  return true;
}

// As many bytes as came, or the end, or what had come by now.
bool receive_as(int fd, const Call& call) {
  static thread_local std::array<std::byte, 256 * 1024> buffer;
  const int flags = call.what == "MSG_PEEK" ? MSG_PEEK : 0;
  std::size_t left = call.result > 0 ? static_cast<std::size_t>(call.result) : 1;
  while (left > 0) {
    const std::size_t most = call.result > 0 ? std::min(left, buffer.size()) : 1;
    const ssize_t some = ::recv(fd, buffer.data(), most, flags);
    if (call.result < 0) return true;
    if (some == 0) return call.result == 0;
    if (some < 0 && (errno != EAGAIN || !wait_for(fd, POLLIN))) return false;
    if (some > 0 && call.result == 0) return false;
    if (some > 0) left -= static_cast<std::size_t>(some);
  }
  return true;
}

bool connect_as(int fd, const Call& call, const SocketAddress& target) {
  if (call.what == "AF_UNSPEC") {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    return ::connect(fd, &nobody, sizeof nobody) == 0;
  }
  return ::connect(fd, target.data(), target.size()) == 0 || errno == EINPROGRESS;
}

bool shut_down_as(int fd, const Call& call) {
  return ::shutdown(fd, call.what == "SHUT_RD" ? SHUT_RD : SHUT_WR) == 0 || call.result < 0;
}

}  // namespace

bool RawCalls::play(const SocketAddress& target, const SocketAddress& local) const {
  UniqueFd fd;
  for (const Call& call : calls_) {
    bool done = true;
    if (call.name == "socket") {
      fd = UniqueFd(::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      done = static_cast<bool>(fd);
    } else if (call.name == "bind") {
      done = ::bind(fd.get(), local.data(), local.size()) == 0 || call.result < 0;
    } else if (call.name == "connect") {
      done = connect_as(fd.get(), call, target);
    } else if (call.name == "setsockopt") {
      done = set_option(fd.get(), call);
    } else if (call.name == "getsockopt") {
      done = get_option(fd.get(), call);
    } else if (call.name == "send") {
      done = send_as(fd.get(), call);
    } else if (call.name == "recv") {
      done = receive_as(fd.get(), call);
    } else if (call.name == "shutdown") {
      done = shut_down_as(fd.get(), call);
    } else if (call.name == "ioctl") {
      int bytes = 0;
      done = ::ioctl(fd.get(), FIONREAD, &bytes) == 0;
    } else if (call.name == "close") {
      fd.reset();
    } else {
      wait_as(fd.get(), call);  // "epoll_wait", "pause"
    }
    if (!done) return false;
  }
  return true;
}

}  // namespace closewait
