#include "bench/echo_load.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

#include "base/error.h"

namespace closewait {
namespace {

constexpr Nanoseconds kStall = std::chrono::seconds(5);

void send_one(int fd, const std::string& message) {
  if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(message.size())) {
    throw SetupError("echo load: send: " + describe(last_error()));
  }
}

// What has come of one message. A small one comes in one piece, save when the server cuts it.
std::size_t receive_some(int fd) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (size == 0) throw SetupError("echo load: the server closed a connection");
  if (size < 0) throw SetupError("echo load: recv: " + describe(last_error()));
  return static_cast<std::size_t>(size);
}

}  // namespace

std::vector<UniqueFd> connect_many(const SocketAddress& address, std::size_t count) {
  std::vector<UniqueFd> connections;
  while (connections.size() < count) {
    UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), address.data(), address.size()) != 0) {
      throw SetupError("connect: " + describe(last_error()));
    }
    connections.push_back(std::move(fd));
  }
  return connections;
}

std::uint64_t run_echo_load(const SocketAddress& address, const EchoLoad& load) {
  const std::vector<UniqueFd> connections = connect_many(address, load.connections);
  const std::string message(load.size, 'x');
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<std::size_t> received(connections.size());
  for (std::uint32_t i = 0; i < connections.size(); ++i) {
    epoll_event event{.events = EPOLLIN, .data = {.u32 = i}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, connections[i].get(), &event) != 0) {
      throw SetupError("epoll_ctl: " + describe(last_error()));
    }
    send_one(connections[i].get(), message);
  }
  const Instant end = Clock::now() + load.duration;
  std::uint64_t rounds = 0;
  std::array<epoll_event, 256> batch;
  while (Clock::now() < end) {
    const int ready = ::epoll_wait(
        epoll.get(), batch.data(), static_cast<int>(batch.size()),
        static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(kStall).count()));
    if (ready == 0) throw SetupError("echo load: nothing came back for 5s");
    for (int i = 0; i < ready; ++i) {
      const std::uint32_t which = batch[static_cast<std::size_t>(i)].data.u32;
      const int fd = connections[which].get();
      received[which] += receive_some(fd);
      if (received[which] < message.size()) continue;
      received[which] = 0;
      ++rounds;
      send_one(fd, message);
    }
  }
  return rounds;
}

}  // namespace closewait
