#include "server/connections/acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace closewait {
namespace {

constexpr int kMostAtOnce = 64;
constexpr int kFullBeforeMore = 8;
constexpr int kBacklogAtMost = 4096;
constexpr Nanoseconds kPause = std::chrono::milliseconds(100);

}  // namespace

Acceptor::Acceptor(Listener listener, EventLoop& loop, ConnectionTable& table, Counters& counters,
                   DescriptorReserve& reserve)
    : loop_(loop),
      table_(table),
      counters_(counters),
      reserve_(reserve),
      listener_(std::move(listener)),
      resume_(loop.timers(), *this, 0) {
  auto watch = loop.watch(listener_.fd.get(), EPOLLIN, *this);
  if (!watch) throw SetupError("epoll_ctl: " + describe(watch.error()));
  watch_ = std::move(*watch);
}

void Acceptor::accept_waiting() {
  for (int i = 0; i < kBacklogAtMost && accept_one(); ++i) {
  }
}

void Acceptor::on_ready(std::uint32_t, std::uint32_t) {
  for (int i = 0; i < at_once_; ++i) {
    if (accept_one()) continue;
    at_once_ = 1;
    full_ = 0;
    return;
  }
  if (++full_ < kFullBeforeMore) return;
  at_once_ = std::min(2 * at_once_, kMostAtOnce);
  full_ = 0;
}

// False when there is nothing more to accept for now. Does not ask for the peer's address: it
// costs a call, and a connection reset while it waited has none (ENOTCONN).
bool Acceptor::accept_one() {
  UniqueFd fd(::accept4(listener_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return survive(errno);
  if (reserve_.is_open()) {
    counters_.turned_away.add();
    return true;
  }
  counters_.accepted.add();
  table_.add(std::move(fd), listener_.layer);
  return true;
}

bool Acceptor::survive(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  if (error == EINTR) return true;
  counters_.accept_error(error).add();
  switch (error) {
    case EMFILE:
    case ENFILE:
      return open_reserve();
    case ENOBUFS:
    case ENOMEM:
    case EBADF:
    case EINVAL:
      pause();
      return false;
    default:
      return true;  // ECONNABORTED and network errors of that one connection, accept(2)
  }
}

bool Acceptor::open_reserve() {
  if (reserve_.is_open()) {  // and all of it in use, or the whole system is out of files
    pause();
    return false;
  }
  reserve_.open();
  resume_.expire_at(loop_.now() + kPause);
  return true;
}

void Acceptor::pause() {
  (void)watch_.set(0);  // fails only for want of memory: then the loop wakes more often
  resume_.expire_at(loop_.now() + kPause);
}

void Acceptor::on_expiry(std::uint32_t) {
  const bool short_of_memory = static_cast<bool>(watch_.set(EPOLLIN));
  if (!reserve_.take_back() || short_of_memory) resume_.expire_at(loop_.now() + kPause);
}

}  // namespace closewait
