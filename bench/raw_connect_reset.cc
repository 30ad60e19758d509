#include "bench/raw_connect_reset.h"

#include <sys/socket.h>

#include "base/error.h"
#include "base/unique_fd.h"

namespace closewait {

std::uint64_t raw_connect_reset(const SocketAddress& target, Nanoseconds duration) {
  constexpr linger kAbort{.l_onoff = 1, .l_linger = 0};
  const Instant end = Clock::now() + duration;
  std::uint64_t made = 0;
  while (Clock::now() < end) {
    const UniqueFd fd(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &kAbort, sizeof(kAbort));
    if (::connect(fd.get(), target.data(), target.size()) != 0) {
      throw SetupError("connect: " + describe(last_error()));
    }
    ++made;
  }
  return made;
}

}  // namespace closewait
