#include "rig/tls_probe.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "faults/tls_layer.h"

namespace closewait {
namespace {

constexpr Nanoseconds kHandshakePatience = std::chrono::seconds(10);
constexpr Nanoseconds kFarewellPatience = std::chrono::seconds(1);

// False when the deadline comes first.
bool wait_for(int fd, short events, Instant deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd wait{fd, events, 0};
  return left > 0 && ::poll(&wait, 1, static_cast<int>(left)) > 0;
}

[[noreturn]] void refuse(const TlsSpec& spec, const SocketAddress& target, const std::string& why) {
  std::string what_to_do = "is it a TLS port? A plain one needs no target.tls";
  if (why.find("certificate") != why.npos && spec.verify) {
    what_to_do =
        "name who signed it by target.tls.ca, the name it has by target.tls.sni, or say "
        "target.tls.verify: off";
  }
  throw SetupError(
      fmt::format("{}: no TLS handshake: {}; {}", target.to_string(), why, what_to_do));
}

// A client that just goes would be rude, and the target is not judged yet.
void say_farewell(TlsLayer& layer, int fd) {
  layer.end_sending(Farewell::kSaid);
  ::shutdown(fd, SHUT_WR);
  const Instant deadline = Clock::now() + kFarewellPatience;
  std::array<std::byte, 4096> buffer;
  while (true) {
    const auto got = layer.receive(buffer);
    if (got && *got == 0) return;
    if (got) continue;
    if (got.error().value() != EAGAIN || !wait_for(fd, POLLIN, deadline)) return;
  }
}

void probe(const TlsSpec& spec, const SocketAddress& target) {
  const UniqueFd socket(::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw SetupError("socket: " + describe(last_error()));
  const Instant deadline = Clock::now() + kHandshakePatience;
  if (::connect(socket.get(), target.data(), target.size()) != 0) {
    if (errno != EINPROGRESS) refuse(spec, target, describe(last_error()));
    static_cast<void>(wait_for(socket.get(), POLLOUT, deadline));  // the handshake finds out
  }
  const TlsClientContext context(spec);
  const auto layer = context.layer(socket.get(), target);
  if (!layer) refuse(spec, target, "no memory for it");
  while (const auto error = layer->shake_hands()) {
    if (error.value() != EAGAIN) refuse(spec, target, layer->trouble());
    if (!wait_for(socket.get(), layer->wants_room() ? POLLOUT : POLLIN, deadline)) {
      refuse(spec, target, "the target did not answer within 10s");
    }
  }
  say_farewell(*layer, socket.get());
}

}  // namespace

void probe_tls(const TlsSpec& spec, const std::vector<SocketAddress>& targets) {
  for (const SocketAddress& target : targets) probe(spec, target);
}

}  // namespace closewait
