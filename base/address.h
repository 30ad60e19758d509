#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace closewait {

// Where a socket is or connects to: IPv4, IPv6 or a Unix path. A plain value that owns nothing.
class SocketAddress {
 public:
  SocketAddress() noexcept = default;
  // Copies what the kernel filled in (accept, getsockname).
  SocketAddress(const sockaddr* address, socklen_t length) noexcept;

  // "127.0.0.1:7000", "[::1]:7000", "unix:/run/server.sock"; numeric addresses only.
  // errc::invalid_argument for anything else.
  [[nodiscard]] static Result<SocketAddress> parse(std::string_view text);
  // An IPv4 or IPv6 address without a port.
  [[nodiscard]] static Result<SocketAddress> parse_ip(std::string_view ip, std::uint16_t port);
  // What the descriptor is bound to (getsockname).
  [[nodiscard]] static Result<SocketAddress> local_of(int fd);

  [[nodiscard]] const sockaddr* data() const noexcept;
  [[nodiscard]] socklen_t size() const noexcept { return length_; }
  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }
  // In host order; 0 for a Unix path.
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] SocketAddress with_port(std::uint16_t port) const;
  [[nodiscard]] std::string ip() const;         // "127.0.0.1", "::1"; the path of a Unix socket
  [[nodiscard]] std::string to_string() const;  // as parse() reads it
  [[nodiscard]] bool is_unix() const noexcept { return family() == AF_UNIX; }
  [[nodiscard]] bool is_any() const noexcept;  // 0.0.0.0 or ::
  // The loopback network, any address of an interface here, or a Unix path.
  [[nodiscard]] bool is_local() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

inline constexpr std::string_view kAddressExample =
    "an address such as 127.0.0.1:7000, [::1]:7000 or unix:/run/server.sock";

}  // namespace closewait
