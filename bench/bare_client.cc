#include "bench/bare_client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

[[noreturn]] void fail(const char* what) {
  throw SetupError(std::string("bare clients: ") + what + ": " + describe(last_error()));
}

class BareClients {
 public:
  BareClients(const SocketAddress& target, const BareLoad& load)
      : target_(target),
        sources_(load.sources),
        request_(load.request),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        clients_(load.connections) {
    response_ = size_of_response();
  }

  std::uint64_t run(Nanoseconds duration) {
    const Instant end = Clock::now() + duration;
    for (std::uint32_t i = 0; i < clients_.size(); ++i) begin(i);
    std::array<epoll_event, 256> batch;
    while (Clock::now() < end) {
      const int ready =
          ::epoll_wait(epoll_.get(), batch.data(), static_cast<int>(batch.size()), 5000);
      if (ready == 0) fail("nothing came for 5s");
      for (int i = 0; i < ready; ++i) go_on(batch[static_cast<std::size_t>(i)].data.u32);
    }
    return done_;
  }

 private:
  struct OneClient {
    UniqueFd fd;
    std::size_t received = 0;
  };

  // Over loopback the handshake is done when connect() comes back, so the request can follow.
  // It chooses its ports itself: the kernel would look for one among those in TIME_WAIT, which
  // takes it longer than all the rest.
  void begin(std::uint32_t which) {
    UniqueFd fd(::socket(target_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (++source_ == sources_.size()) {  // as in the rig: a port of each source, then the next one
      source_ = 0;
      port_ = port_ == kLastPort ? kFirstPort : static_cast<std::uint16_t>(port_ + 1);
    }
    const SocketAddress local = sources_[source_].with_port(port_);
    if (::bind(fd.get(), local.data(), local.size()) != 0) fail("bind");
    if (::connect(fd.get(), target_.data(), target_.size()) != 0 && errno != EINPROGRESS) {
      fail("connect");
    }
    if (::send(fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size())) {
      fail("send");
    }
    epoll_event event{.events = EPOLLIN, .data = {.u32 = which}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) fail("epoll_ctl");
    clients_[which] = {std::move(fd), 0};
  }

  void go_on(std::uint32_t which) {
    OneClient& client = clients_[which];
    const ssize_t size = ::recv(client.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0) fail("recv");
    client.received += static_cast<std::size_t>(size);
    if (size > 0) {
      if (client.received == response_) ::shutdown(client.fd.get(), SHUT_WR);
      return;
    }
    if (client.received != response_) fail("a response of another size");
    client.fd.reset();
    ++done_;
    begin(which);
  }

  std::size_t size_of_response() {
    const UniqueFd fd(::socket(target_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), target_.data(), target_.size()) != 0 ||
        ::send(fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL) < 0 ||
        ::shutdown(fd.get(), SHUT_WR) != 0) {
      fail("the first one");
    }
    std::size_t all = 0;
    while (const ssize_t size = ::recv(fd.get(), buffer_.data(), buffer_.size(), 0)) {
      if (size < 0) fail("recv");
      all += static_cast<std::size_t>(size);
    }
    return all;
  }

  static constexpr std::uint16_t kFirstPort = 32768;
  static constexpr std::uint16_t kLastPort = 60999;

  const SocketAddress target_;
  const std::vector<SocketAddress> sources_;
  std::size_t source_ = 0;
  std::uint16_t port_ = kFirstPort;
  const std::string request_;
  UniqueFd epoll_;
  std::vector<OneClient> clients_;
  std::array<char, 64 * 1024> buffer_{};
  std::size_t response_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

std::uint64_t run_bare_clients(const SocketAddress& target, const BareLoad& load) {
  return BareClients(target, load).run(load.duration);
}

}  // namespace closewait
