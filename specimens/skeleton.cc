#include "specimens/skeleton.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "base/pattern.h"

namespace closewait {
namespace {

constexpr std::size_t kMaxHead = 16 * 1024;

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);  // accepted sockets inherit these
}

void require(bool done, const SocketAddress& address) {
  if (!done) {
    throw SetupError("cannot listen on " + address.to_string() + ": " + describe(last_error()));
  }
}

}  // namespace

SocketAddress Skeleton::listen(const SocketAddress& address) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  listener_ = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  require(epoll_ >= 0 && spare_ >= 0 && listener_ >= 0, address);
  if (!address.is_unix()) {
    set_option(listener_, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(listener_, IPPROTO_TCP, TCP_NODELAY, 1);
    // A peer that vanished without a word is found by the kernel, and then it is a reset.
    set_option(listener_, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(listener_, IPPROTO_TCP, TCP_KEEPIDLE, 5);
    set_option(listener_, IPPROTO_TCP, TCP_KEEPINTVL, 1);
    set_option(listener_, IPPROTO_TCP, TCP_KEEPCNT, 3);
  }
  require(::bind(listener_, address.data(), address.size()) == 0, address);
  require(::listen(listener_, 4096) == 0, address);
  epoll_event event{.events = listener_interest(), .data = {.ptr = nullptr}};
  require(::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) == 0, address);
  return SocketAddress::local_of(listener_).value();
}

void Skeleton::run() {
  std::array<epoll_event, 256> batch;
  for (;;) {
    const int ready = ::epoll_wait(epoll_, batch.data(), static_cast<int>(batch.size()), -1);
    if (ready < 0) on_failed_wait(errno);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = batch[static_cast<std::size_t>(i)];
      auto* connection = static_cast<Connection*>(event.data.ptr);
      if (connection == nullptr) {
        accept_all();
      } else {
        // Only its own event destroys a connection, and there is one in a batch: no stale pointer.
        on_ready(connection, event.events);
      }
    }
  }
}

std::uint32_t Skeleton::listener_interest() const { return EPOLLIN; }

void Skeleton::accept_all() {
  for (int i = 0; i < accepts_at_once(); ++i) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      auto* connection = new Connection;
      connection->fd = fd;
      connection->interest = EPOLLIN;
      watch(connection, EPOLLIN);
      on_accepted(connection);
    } else if (errno == EMFILE || errno == ENFILE) {
      if (accepts_without_descriptors()) return;
      ::close(spare_);
      ::close(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
      spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void Skeleton::on_ready(Connection* connection, std::uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if ((connection->interest & EPOLLIN) != 0 || broken) {
    std::array<char, 16 * 1024> buffer;
    const ssize_t size = ::read(connection->fd, buffer.data(), buffer.size());
    if (size < 0 && errno != EAGAIN && errno != EINTR) return on_failure(connection, errno);
    if (size == 0) connection->ended = true;
    if (size == 0 && broken && !connection->shut) return on_failure(connection, EPIPE);
    // After the last answer the rest is only taken off the kernel, so closing resets nothing.
    if (size > 0 && !connection->shut) {
      connection->input.append(buffer.data(), static_cast<std::size_t>(size));
      return on_input(connection);
    }
  }
  write_some(connection);
}

// Serves what is complete, one answer at a time, and asks for what it waits for.
void Skeleton::write_some(Connection* connection) {
  for (;;) {
    answer(connection);
    if (connection->head.empty() && connection->left == 0) break;
    const auto body = pattern(connection->offset, std::min(connection->left, kPatternChunk));
    std::array<iovec, 2> pieces{{{connection->head.data(), connection->head.size()},
                                 {const_cast<std::byte*>(body.data()), body.size()}}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t written = ::sendmsg(connection->fd, &message, MSG_NOSIGNAL);
    if (written < 0 && errno == EAGAIN) {
      on_full_buffer(connection);
      return ask_for(connection, EPOLLOUT);
    }
    if (written < 0) return on_failure(connection, errno);
    const auto size = static_cast<std::size_t>(written);
    const std::size_t of_head = std::min(size, connection->head.size());
    connection->head.erase(0, of_head);
    connection->offset += size - of_head;
    connection->left -= size - of_head;
  }
  if (connection->ended) return on_end(connection);
  if (connection->last && !connection->shut) {
    connection->shut = true;
    ::shutdown(connection->fd, SHUT_WR);
  }
  ask_for(connection, EPOLLIN);
}

// Turns the next complete request into a head and a range of the pattern.
void Skeleton::answer(Connection* connection) {
  if (connection->last || !connection->head.empty() || connection->left > 0) return;
  std::string& input = connection->input;
  const std::size_t end = input.find("\r\n\r\n");
  if (end == std::string::npos && input.size() < kMaxHead) return;
  const std::string request = input.substr(0, end == std::string::npos ? kMaxHead : end + 4);
  input.erase(0, request.size());
  constexpr std::string_view kBytes = "GET /bytes/";
  std::uint64_t size = 0;
  int status = 404;
  if (request.starts_with(kBytes)) {
    const char* digits = request.data() + kBytes.size();
    const auto parsed = std::from_chars(digits, request.data() + request.size(), size);
    if (parsed.ec == std::errc() && *parsed.ptr == ' ') status = 200;
  } else if (request.starts_with("GET / ")) {
    status = 200;
  }
  if (status != 200) size = 0;
  ++connection->served;
  connection->last = status != 200 || request.find("\r\nConnection: close\r\n") != request.npos;
  connection->offset = 0;
  connection->left = size;
  connection->head =
      fmt::format("HTTP/1.1 {}\r\nServer: closewait-specimen\r\nContent-Length: {}\r\n{}\r\n",
                  status == 200 ? "200 OK" : "404 Not Found", size,
                  connection->last ? "Connection: close\r\n" : "");
}

void Skeleton::ask_for(Connection* connection, std::uint32_t interest) {
  if (connection->interest == interest) return;
  connection->interest = interest;
  epoll_event event{.events = interest, .data = {.ptr = connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->fd, &event);
}

void Skeleton::on_input(Connection* connection) { write_some(connection); }

void Skeleton::on_failure(Connection* connection, int) { destroy(connection); }

void Skeleton::on_end(Connection* connection) { destroy(connection); }

void Skeleton::watch(Connection* connection, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->fd, &event);
}

void Skeleton::watch_no_more(Connection* connection) {
  epoll_event event{.events = EPOLLONESHOT, .data = {.ptr = connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->fd, &event);
}

void Skeleton::stop_listening() { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr); }

void Skeleton::unregister(Connection* connection) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection->fd, nullptr);
}

void Skeleton::destroy(Connection* connection) {
  unregister(connection);
  ::close(connection->fd);
  delete connection;
}

}  // namespace closewait
