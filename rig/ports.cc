#include "rig/ports.h"

#include <sys/socket.h>

#include <fstream>

#include "base/unique_fd.h"

namespace closewait {

std::vector<SocketAddress> sources_for(const Scenario& scenario, const SocketAddress& target) {
  if (!scenario.load.sources.empty()) return scenario.load.sources;
  // Connecting a datagram socket sends nothing; it makes the kernel choose the local address.
  const UniqueFd socket(::socket(target.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), target.data(), target.size()) != 0) {
    throw SetupError("no way to " + target.to_string() + ": " + describe(last_error()));
  }
  const auto local = SocketAddress::local_of(socket.get());
  if (!local) throw SetupError("getsockname: " + describe(local.error()));
  return {local->with_port(0)};
}

PortTable::Range local_port_range() {
  constexpr PortTable::Range kUsual{32768, 60999};
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  PortTable::Range range;
  return file >> range.low >> range.high && range.low <= range.high ? range : kUsual;
}

}  // namespace closewait
