#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "base/address.h"

namespace closewait {

// One end of a TCP connection as the kernel's tables give it: small, comparable, and the same for
// an IPv4 peer whether the socket is AF_INET or a dual-stack AF_INET6. A plain value.
struct Endpoint {
  std::array<std::uint8_t, 16> ip{};  // network order; IPv4 as ::ffff:a.b.c.d
  std::uint16_t port = 0;             // host order

  // `ip` points to 4 (AF_INET) or 16 bytes in network order.
  [[nodiscard]] static Endpoint from_bytes(int family, const void* ip, std::uint16_t port) noexcept;
  // An IPv4 or IPv6 address; all zeros for any other.
  [[nodiscard]] static Endpoint of(const SocketAddress& address) noexcept;

  [[nodiscard]] bool is_any() const noexcept;  // 0.0.0.0 or ::
  // In host order; nothing for an IPv6 address.
  [[nodiscard]] std::optional<std::uint32_t> ipv4() const noexcept;
  [[nodiscard]] SocketAddress address() const;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace closewait
