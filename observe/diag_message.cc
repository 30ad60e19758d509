#include "observe/diag_message.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>  // its tcp_info has the byte counts, that of <netinet/tcp.h> does not
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace closewait {
namespace {

// Copies a struct out of bytes that need not be aligned; false when they are too few.
template <class T>
bool copy_out(std::span<const std::byte> bytes, std::size_t offset, T& value) {
  if (bytes.size() < offset || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof(T));
}

TcpState state_of(std::uint8_t number) {
  return number < kTcpStateNames.size() ? static_cast<TcpState>(number) : TcpState::kUnknown;
}

std::uint64_t cookie_of(const inet_diag_sockid& id) {
  return (std::uint64_t{id.idiag_cookie[1]} << 32) | id.idiag_cookie[0];
}

bool is_ip(std::uint8_t family) { return family == AF_INET || family == AF_INET6; }

// The value of the first attribute of `type`; empty when there is none.
std::span<const std::byte> find_attribute(std::span<const std::byte> bytes, std::uint16_t type) {
  rtattr header{};
  while (copy_out(bytes, 0, header)) {
    if (header.rta_len < sizeof(header) || header.rta_len > bytes.size()) return {};
    if (header.rta_type == type) {
      return bytes.subspan(sizeof(header), header.rta_len - sizeof(header));
    }
    bytes = bytes.subspan(std::min<std::size_t>(RTA_ALIGN(header.rta_len), bytes.size()));
  }
  return {};
}

std::vector<std::byte> make_request(std::uint16_t flags, const inet_diag_req_v2& body) {
  nlmsghdr header{};
  header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  std::vector<std::byte> bytes;
  append(bytes, header);
  append(bytes, body);
  return bytes;
}

std::vector<std::byte> with_length(std::vector<std::byte> message) {
  const auto length = static_cast<std::uint32_t>(message.size());
  std::memcpy(message.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof(length));
  return message;
}

// "sport == port" for the kernel's little filter machine: `yes` and `no` are jumps from this
// operation; to the exact end accepts, 4 past it rejects.
void append_port_filter(std::vector<std::byte>& message, std::uint16_t port) {
  constexpr std::size_t kLength = 2 * sizeof(inet_diag_bc_op);
  rtattr attribute{};
  attribute.rta_type = INET_DIAG_REQ_BYTECODE;
  attribute.rta_len = RTA_LENGTH(kLength);
  append(message, attribute);
  append(message, inet_diag_bc_op{INET_DIAG_BC_S_EQ, kLength, kLength + 4});
  append(message, inet_diag_bc_op{INET_DIAG_BC_NOP, 0, port});
}

}  // namespace

std::optional<NetlinkMessage> next_message(std::span<const std::byte>& bytes) {
  nlmsghdr header{};
  if (!copy_out(bytes, 0, header) || header.nlmsg_len < sizeof(header) ||
      header.nlmsg_len > bytes.size()) {
    return std::nullopt;
  }
  const NetlinkMessage message{header.nlmsg_type, header.nlmsg_flags,
                               bytes.subspan(sizeof(header), header.nlmsg_len - sizeof(header))};
  bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
  return message;
}

std::optional<TcpSocket> parse_socket(std::span<const std::byte> payload) {
  inet_diag_msg message{};
  if (!copy_out(payload, 0, message) || !is_ip(message.idiag_family)) return std::nullopt;
  const inet_diag_sockid& id = message.id;
  TcpSocket socket;
  socket.family = message.idiag_family;
  socket.state = state_of(message.idiag_state);
  socket.local = Endpoint::from_bytes(message.idiag_family, id.idiag_src, ntohs(id.idiag_sport));
  socket.remote = Endpoint::from_bytes(message.idiag_family, id.idiag_dst, ntohs(id.idiag_dport));
  socket.inode = message.idiag_inode;
  socket.cookie = cookie_of(id);
  socket.uid = message.idiag_uid;
  socket.receive_queue = message.idiag_rqueue;
  socket.send_queue = message.idiag_wqueue;
  return socket;
}

std::optional<DestroyEvent> parse_destroy(std::span<const std::byte> payload) {
  inet_diag_msg message{};
  if (!copy_out(payload, 0, message) || !is_ip(message.idiag_family)) return std::nullopt;
  const inet_diag_sockid& id = message.id;
  DestroyEvent event;
  event.family = message.idiag_family;
  event.state = state_of(message.idiag_state);
  event.local_port = ntohs(id.idiag_sport);
  event.remote = Endpoint::from_bytes(message.idiag_family, id.idiag_dst, ntohs(id.idiag_dport));
  event.cookie = cookie_of(id);
  const auto info = find_attribute(payload.subspan(sizeof(message)), INET_DIAG_INFO);
  event.has_info = copy_out(info, offsetof(tcp_info, tcpi_bytes_acked), event.bytes_acked) &&
                   copy_out(info, offsetof(tcp_info, tcpi_bytes_received), event.bytes_received);
  return event;
}

int netlink_errno(std::span<const std::byte> payload) {
  std::int32_t value = 0;
  if (!copy_out(payload, 0, value) || value >= 0) return 0;
  return value == INT32_MIN ? EPROTO : -value;  // that has no positive one
}

std::vector<std::byte> dump_request(const DumpQuery& query) {
  inet_diag_req_v2 body{};
  body.sdiag_family = static_cast<std::uint8_t>(query.family);
  body.sdiag_protocol = IPPROTO_TCP;
  body.idiag_states = query.states;
  auto message = make_request(NLM_F_DUMP, body);
  if (query.local_port != 0) append_port_filter(message, query.local_port);
  return with_length(std::move(message));
}

std::vector<std::byte> listener_request(const SocketAddress& address) {
  inet_diag_req_v2 body{};
  body.sdiag_family = static_cast<std::uint8_t>(address.family());
  body.sdiag_protocol = IPPROTO_TCP;
  body.idiag_states = mask_of(TcpState::kListen);
  body.id.idiag_sport = htons(address.port());
  body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.data());
    std::memcpy(body.id.idiag_src, &v4->sin_addr, sizeof(v4->sin_addr));
  } else if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.data());
    std::memcpy(body.id.idiag_src, &v6->sin6_addr, sizeof(v6->sin6_addr));
  }
  return with_length(make_request(0, body));
}

}  // namespace closewait
