// The least an echo server with epoll can be: one thread, one buffer, no deadlines, no limits, no
// half-close, and an answer that does not fit is an error. What closewait-server is held against.
// bench-bare-echo ADDR
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/address.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

bool add(int epoll, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

// False when the connection is over.
bool echo(int fd) {
  static std::array<char, 64 * 1024> buffer;
  const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
  return size > 0 &&
         ::send(fd, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
}

void serve(int epoll, int listener) {
  std::array<epoll_event, 256> batch;
  for (;;) {
    const int ready = ::epoll_wait(epoll, batch.data(), static_cast<int>(batch.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = batch[static_cast<std::size_t>(i)].data.fd;
      if (fd != listener) {
        if (!echo(fd)) const UniqueFd closing(fd);
        continue;
      }
      UniqueFd accepted(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted && add(epoll, accepted.get())) static_cast<void>(accepted.release());
    }
  }
}

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) {
  using namespace closewait;
  const auto address = SocketAddress::parse(argc == 2 ? argv[1] : "");
  if (!address || !address->is_local()) {
    std::fputs("usage: bench-bare-echo ADDR, where ADDR is 127.0.0.1:7000 or the like\n", stderr);
    return 2;
  }
  const UniqueFd listener(::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK, 0));
  const UniqueFd epoll(::epoll_create1(0));
  if (::bind(listener.get(), address->data(), address->size()) != 0 ||
      ::listen(listener.get(), 4096) != 0 || !add(epoll.get(), listener.get())) {
    std::perror("bench-bare-echo");
    return 1;
  }
  serve(epoll.get(), listener.get());
}
