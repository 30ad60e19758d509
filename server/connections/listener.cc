#include "server/connections/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace closewait {
namespace {

constexpr int kBacklog = 4096;

// What the kernel holds for a peer beyond what can be sent to it now. Without this bound that is
// all that fits into a send buffer (4 MiB) of an answer that nobody reads.
constexpr int kUnsentAtMost = 256 * 1024;

[[noreturn]] void fail(const SocketAddress& address, error_code error) {
  throw SetupError("cannot listen on " + address.to_string() + ": " + describe(error));
}

void set_option(int fd, int level, int option, int value = 1) {
  ::setsockopt(fd, level, option, &value, sizeof value);  // these fail on no kernel we run on
}

UniqueFd bound_socket(const SocketAddress& address, bool shared) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) fail(address, last_error());
  if (!address.is_unix()) {
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    // Accepted sockets inherit these two.
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    set_option(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentAtMost);
    if (shared) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  }
  if (address.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(fd.get(), address.data(), address.size()) != 0) fail(address, last_error());
  return fd;
}

// The socket file of a server that was killed: nobody answers there. Nor does anybody at a file
// that is none, which is not ours to remove.
void remove_stale(const SocketAddress& address) {
  struct stat file {};
  if (::lstat(address.ip().c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return;
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), address.data(), address.size()) != 0 && errno == ECONNREFUSED) {
    ::unlink(address.ip().c_str());
  }
}

Listener listening(UniqueFd fd, const SocketAddress& asked) {
  if (::listen(fd.get(), kBacklog) != 0) fail(asked, last_error());
  const auto address = SocketAddress::local_of(fd.get());
  if (!address) fail(asked, address.error());
  return {std::move(fd), *address};
}

}  // namespace

Listener duplicate(const Listener& listener) {
  UniqueFd fd(::fcntl(listener.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) fail(listener.address, last_error());
  return {std::move(fd), listener.address, listener.layer};
}

std::vector<Listener> open_listeners(const ListenAddress& where, unsigned count) {
  const SocketAddress& address = where.address;
  if (address.is_unix()) remove_stale(address);
  const bool shared = count > 1 && !address.is_unix();
  // Sharing would also share with another server of ours: see first that nobody has the port.
  if (shared && address.port() != 0) bound_socket(address, false);
  std::vector<Listener> listeners;
  listeners.push_back(listening(bound_socket(address, shared), address));
  while (listeners.size() < count) {
    const SocketAddress first = listeners.front().address;
    listeners.push_back(address.is_unix() ? duplicate(listeners.front())
                                          : listening(bound_socket(first, true), first));
  }
  for (Listener& listener : listeners) listener.layer = where.layer;
  return listeners;
}

// By way of the other constructor: the destructor then runs though a later address fails.
Listeners::Listeners(std::span<const ListenAddress> where, unsigned loops) : Listeners(loops) {
  for (const ListenAddress& address : where) {
    auto opened = open_listeners(address, loops);
    addresses_.push_back({opened.front().address, address.layer});
    for (unsigned i = 0; i < loops; ++i) by_loop_[i].push_back(std::move(opened[i]));
  }
}

// The files first: once nobody answers at one, a server that starts then takes the path over.
void Listeners::close() noexcept {
  if (by_loop_.empty()) return;
  for (const ListenAddress& where : addresses_) {
    if (where.address.is_unix()) ::unlink(where.address.ip().c_str());
  }
  by_loop_.clear();
}

std::vector<Listener> Listeners::share(unsigned loop) const {
  std::vector<Listener> shares;
  for (const Listener& listener : by_loop_[loop]) shares.push_back(duplicate(listener));
  return shares;
}

}  // namespace closewait
