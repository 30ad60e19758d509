#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/endpoint.h"

namespace closewait {

// Pure readers and writers of NETLINK_SOCK_DIAG messages (sock_diag(7), linux/inet_diag.h): bytes
// in, a struct out. Who sends and receives them is observe/sock_diag.h and observe/destroy_feed.h.

// Numbered as the kernel does (include/net/tcp_states.h) and named as it and ss do.
enum class TcpState : std::uint8_t {
  kUnknown,
  kEstablished,
  kSynSent,
  kSynRecv,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kClose,
  kCloseWait,
  kLastAck,
  kListen,
  kClosing,
  kNewSynRecv,
};
inline constexpr std::array<std::string_view, 13> kTcpStateNames{
    "UNKNOWN", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
    "CLOSE",   "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};

[[nodiscard]] constexpr std::string_view name_of(TcpState state) {
  return kTcpStateNames[static_cast<std::size_t>(state)];
}
[[nodiscard]] constexpr std::uint32_t mask_of(TcpState state) {
  return 1U << static_cast<unsigned>(state);
}
inline constexpr std::uint32_t kAllTcpStates = (1U << kTcpStateNames.size()) - 2;

// A row of a dump. `inode` is 0 for a socket that no descriptor stands for: not accepted yet, or
// closed by its process but not by the protocol (orphans, TIME_WAIT). For a listener
// `receive_queue` is how many wait to be accepted and `send_queue` how many may.
struct TcpSocket {
  std::uint8_t family = 0;  // AF_INET or AF_INET6, of the socket
  TcpState state = TcpState::kUnknown;
  Endpoint local;
  Endpoint remote;
  std::uint64_t inode = 0;
  std::uint64_t cookie = 0;  // unique since boot
  std::uint32_t uid = 0;
  std::uint32_t receive_queue = 0;
  std::uint32_t send_queue = 0;
};

// A TCP socket that the kernel freed. `remote.port` is 0 for a listener, and for a connection
// that was never accepted and died with its listener: the kernel disconnects those first
// (inet_child_forget). `cookie` is the one that a dump gave the same socket. The event of a
// closed descriptor comes when the full socket goes, TIME_WAIT or not: waiting out TIME_WAIT
// (and FIN_WAIT2 of a closed one) is a smaller object's work.
struct DestroyEvent {
  std::uint8_t family = 0;
  TcpState state = TcpState::kUnknown;  // CLOSE, always seen so
  bool has_info = false;                // the two counts below are there
  std::uint16_t local_port = 0;
  Endpoint remote;
  std::uint64_t cookie = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_acked = 0;  // sent and acknowledged; in both a FIN counts as a byte
};

struct NetlinkMessage {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::span<const std::byte> payload;
};

// Cuts the first message off `bytes`; nothing at the end and at one that is cut short.
[[nodiscard]] std::optional<NetlinkMessage> next_message(std::span<const std::byte>& bytes);

// The payload of a SOCK_DIAG_BY_FAMILY message.
[[nodiscard]] std::optional<TcpSocket> parse_socket(std::span<const std::byte> payload);
[[nodiscard]] std::optional<DestroyEvent> parse_destroy(std::span<const std::byte> payload);

// The negative errno of an NLMSG_ERROR or NLMSG_DONE payload as a positive one; 0 for none.
[[nodiscard]] int netlink_errno(std::span<const std::byte> payload);

// What to dump: sockets of `family` in `states` (mask_of), of one local port if it is not 0.
struct DumpQuery {
  int family = 0;
  std::uint32_t states = kAllTcpStates;
  std::uint16_t local_port = 0;
};
[[nodiscard]] std::vector<std::byte> dump_request(const DumpQuery& query);

// Looks one listener up: the one that would take a connection to `address`.
[[nodiscard]] std::vector<std::byte> listener_request(const SocketAddress& address);

}  // namespace closewait
