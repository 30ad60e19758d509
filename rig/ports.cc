#include "rig/ports.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

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

std::vector<std::uint16_t> parse_port_list(std::string_view text) {
  std::vector<std::uint16_t> ports;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    std::uint16_t first = 0;
    const auto [end, error] = std::from_chars(item.begin(), item.end(), first);
    if (error != std::errc()) continue;
    std::uint16_t last = first;
    if (end != item.end() && *end == '-') std::from_chars(end + 1, item.end(), last);
    for (std::uint32_t port = first; port <= last; ++port) {
      ports.push_back(static_cast<std::uint16_t>(port));
    }
  }
  return ports;
}

PortTable::Range local_port_range() {
  const std::string folder = "/proc/sys/net/ipv4/";
  std::ifstream file(folder + "ip_local_port_range");
  PortTable::Range range;
  if (!(file >> range.low >> range.high) || range.low > range.high) range = {32768, 60999};
  std::string list;
  std::getline(std::ifstream(folder + "ip_local_reserved_ports"), list);
  for (const std::uint16_t port : parse_port_list(list)) {
    if (port >= range.low && port <= range.high) range.reserved.push_back(port);
  }
  return range;
}

}  // namespace closewait
