#include "base/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace closewait {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const std::array<std::uint8_t, 16>& ip) noexcept {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin());
}

}  // namespace

Endpoint Endpoint::from_bytes(int family, const void* ip, std::uint16_t port) noexcept {
  Endpoint endpoint;
  endpoint.port = port;
  if (family == AF_INET) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.ip.begin());
    std::memcpy(endpoint.ip.data() + kMappedPrefix.size(), ip, 4);
  } else {
    std::memcpy(endpoint.ip.data(), ip, endpoint.ip.size());
  }
  return endpoint;
}

Endpoint Endpoint::of(const SocketAddress& address) noexcept {
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.data());
    return from_bytes(AF_INET, &v4->sin_addr, address.port());
  }
  if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.data());
    return from_bytes(AF_INET6, &v6->sin6_addr, address.port());
  }
  return {};
}

bool Endpoint::is_any() const noexcept {
  const auto begin = ip.begin() + (is_mapped(ip) ? kMappedPrefix.size() : 0);
  return std::all_of(begin, ip.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::optional<std::uint32_t> Endpoint::ipv4() const noexcept {
  if (!is_mapped(ip)) return std::nullopt;
  std::uint32_t network_order = 0;
  std::memcpy(&network_order, ip.data() + kMappedPrefix.size(), sizeof(network_order));
  return ntohl(network_order);
}

SocketAddress Endpoint::address() const {
  if (const auto v4 = ipv4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(*v4);
    return SocketAddress(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, ip.data(), ip.size());
  return SocketAddress(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

}  // namespace closewait
