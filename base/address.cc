#include "base/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>

namespace closewait {
namespace {

error_code not_an_address() {
  return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
}

constexpr std::string_view kUnixPrefix = "unix:";

Result<SocketAddress> parse_unix(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return not_an_address();
  if (path.find('\0') != path.npos) return not_an_address();  // the kernel would end it there
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto length = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  return SocketAddress(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length));
}

bool on_an_interface(const SocketAddress& address) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != address.family()) continue;
    const socklen_t length =
        address.family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (SocketAddress(each->ifa_addr, length).ip() == address.ip()) return true;
  }
  return false;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length) noexcept : length_(length) {
  std::memcpy(&storage_, address, length);
}

Result<SocketAddress> SocketAddress::parse_ip(std::string_view ip, std::uint16_t port) {
  const std::string text(ip);
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return SocketAddress(reinterpret_cast<const sockaddr*>(&v4), sizeof(v4));
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return SocketAddress(reinterpret_cast<const sockaddr*>(&v6), sizeof(v6));
  }
  return not_an_address();
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return parse_unix(text.substr(kUnixPrefix.size()));
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address();
  std::string_view ip = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return not_an_address();
  const bool bracketed = ip.size() > 2 && ip.front() == '[' && ip.back() == ']';
  if (bracketed) ip = ip.substr(1, ip.size() - 2);
  if (bracketed != (ip.find(':') != std::string_view::npos)) return not_an_address();
  return parse_ip(ip, port);
}

Result<SocketAddress> SocketAddress::local_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return last_error();
  return SocketAddress(reinterpret_cast<const sockaddr*>(&storage), length);
}

const sockaddr* SocketAddress::data() const noexcept {
  return reinterpret_cast<const sockaddr*>(&storage_);
}

std::uint16_t SocketAddress::port() const noexcept {
  if (family() == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  }
  if (family() == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  }
  return 0;
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
  SocketAddress copy = *this;
  if (family() == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&copy.storage_)->sin_port = htons(port);
  } else if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&copy.storage_)->sin6_port = htons(port);
  }
  return copy;
}

std::string SocketAddress::ip() const {
  if (is_unix()) return reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address =
      family() == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr)
          : &reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr;
  if (::inet_ntop(family(), address, text.data(), text.size()) == nullptr) return "?";
  return text.data();
}

std::string SocketAddress::to_string() const {
  if (is_unix()) return std::string(kUnixPrefix) + ip();
  const std::string port_text = ":" + std::to_string(port());
  if (family() == AF_INET) return ip() + port_text;
  return std::string("[").append(ip()).append("]").append(port_text);
}

bool SocketAddress::is_any() const noexcept {
  if (family() == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr.s_addr == INADDR_ANY;
  }
  if (family() == AF_INET6) {
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr);
  }
  return false;
}

bool SocketAddress::is_local() const {
  constexpr std::uint32_t kLoopbackNetwork = 127;
  if (is_unix() || is_any()) return true;
  if (family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage_);
    if (ntohl(v4->sin_addr.s_addr) >> 24 == kLoopbackNetwork) return true;
  }
  return on_an_interface(*this);
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
  return a.length_ == b.length_ && std::memcmp(&a.storage_, &b.storage_, a.length_) == 0;
}

}  // namespace closewait
