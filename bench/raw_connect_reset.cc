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

void bind_to(int fd, const SocketAddress& source, std::uint16_t port) {
  const SocketAddress local = source.with_port(port);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(fd, local.data(), local.size()) != 0) {
    throw SetupError("bind " + local.to_string() + ": " + describe(last_error()));
  }
}

}  // namespace

std::uint64_t raw_connect_reset(const SocketAddress& target, const RawResets& load) {
  constexpr linger kAbort{.l_onoff = 1, .l_linger = 0};
  constexpr std::uint64_t kFirstPort = 10'000;  // below those that the kernel gives
  constexpr std::uint64_t kPorts = 20'000;
  const std::size_t sources = load.sources.size();
  const Instant end = Clock::now() + load.duration;
  std::uint64_t made = 0;
  while (Clock::now() < end) {
    const UniqueFd fd(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &kAbort, sizeof(kAbort));
    if (sources > 0) {
      const auto port = static_cast<std::uint16_t>(kFirstPort + made / sources % kPorts);
      bind_to(fd.get(), load.sources[made % sources], port);
    }
    if (::connect(fd.get(), target.data(), target.size()) != 0) {
      throw SetupError("connect: " + describe(last_error()));
    }
    if (load.kind == RawLoop::kWithProof && !proven(fd.get()))
      throw SetupError("no proof of a reset");
    ++made;
  }
  return made;
}

}  // namespace closewait
