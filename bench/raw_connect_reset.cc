#include "bench/raw_connect_reset.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/unique_fd.h"

namespace closewait {

namespace {

bool proven(int fd) {
  linger seen{};
  socklen_t size = sizeof(seen);
  if (::getsockopt(fd, SOL_SOCKET, SO_LINGER, &seen, &size) != 0 || seen.l_onoff == 0) return false;
  std::uint8_t state = 0;
  size = sizeof(state);
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) == 0 && state == TCP_ESTABLISHED;
}

}  // namespace

std::uint64_t raw_connect_reset(const SocketAddress& target, Nanoseconds duration, RawLoop kind) {
  constexpr linger kAbort{.l_onoff = 1, .l_linger = 0};
  const Instant end = Clock::now() + duration;
  std::uint64_t made = 0;
  while (Clock::now() < end) {
    const UniqueFd fd(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &kAbort, sizeof(kAbort));
    if (::connect(fd.get(), target.data(), target.size()) != 0) {
      throw SetupError("connect: " + describe(last_error()));
    }
    if (kind == RawLoop::kWithProof && !proven(fd.get())) throw SetupError("no proof of a reset");
    ++made;
  }
  return made;
}

}  // namespace closewait
