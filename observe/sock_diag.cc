#include "observe/sock_diag.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "observe/observe_error.h"

namespace closewait {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;  // the kernel fills up to 32 KiB at once
constexpr int kDumpAttempts = 5;
constexpr int kAnswerTimeoutMilliseconds = 5000;

}  // namespace

DumpProgress read_dump_block(std::span<const std::byte> block, std::vector<TcpSocket>& sockets) {
  DumpProgress progress;
  while (const auto message = next_message(block)) {
    if ((message->flags & NLM_F_DUMP_INTR) != 0) progress.interrupted = true;
    if (message->type == SOCK_DIAG_BY_FAMILY) {
      if (const auto socket = parse_socket(message->payload)) sockets.push_back(*socket);
    } else if (message->type == NLMSG_DONE || message->type == NLMSG_ERROR) {
      progress.done = true;
      const int value = netlink_errno(message->payload);
      if (value != 0) progress.error = errno_error(value);
    }
  }
  if (!block.empty()) progress.error = ObserveError::kMalformed;
  return progress;
}

Result<SockDiag> SockDiag::open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd) return last_error();
  return SockDiag(std::move(fd));
}

SockDiag::SockDiag(UniqueFd fd) : fd_(std::move(fd)), buffer_(kBufferBytes) {}

Result<std::vector<TcpSocket>> SockDiag::dump(const DumpQuery& query) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    std::vector<TcpSocket> sockets;
    const auto end = dump_once(query, sockets);
    if (!end) return end.error();
    if (!end->interrupted) return sockets;
  }
  return error_code(ObserveError::kInterrupted);
}

Result<std::vector<TcpSocket>> SockDiag::dump_all(DumpQuery query) {
  query.family = AF_INET;
  auto sockets = dump(query);
  if (!sockets) return sockets.error();
  query.family = AF_INET6;
  const auto more = dump(query);
  // A kernel without IPv6 has no table for it.
  if (!more && more.error() != boost::system::errc::no_such_file_or_directory) {
    return more.error();
  }
  if (more) sockets->insert(sockets->end(), more->begin(), more->end());
  return sockets;
}

Result<std::vector<TcpSocket>> SockDiag::listeners(std::uint16_t port) {
  return dump_all({.states = mask_of(TcpState::kListen), .local_port = port});
}

Result<TcpSocket> SockDiag::listener(const SocketAddress& address) {
  if (const auto error = send(listener_request(address))) return error;
  auto block = receive();
  if (!block) return block.error();
  const auto message = next_message(*block);
  if (!message) return error_code(ObserveError::kMalformed);
  if (message->type == NLMSG_ERROR) {
    const int value = netlink_errno(message->payload);
    if (value == ENOENT) return error_code(ObserveError::kNoListener);
    return errno_error(value);
  }
  const auto socket = parse_socket(message->payload);
  if (!socket) return error_code(ObserveError::kMalformed);
  if (socket->state != TcpState::kListen) return error_code(ObserveError::kNoListener);
  return *socket;
}

Result<DumpProgress> SockDiag::dump_once(const DumpQuery& query, std::vector<TcpSocket>& sockets) {
  if (const auto error = send(dump_request(query))) return error;
  DumpProgress whole;
  while (!whole.done) {
    const auto block = receive();
    if (!block) return block.error();
    const DumpProgress progress = read_dump_block(*block, sockets);
    if (progress.error) return progress.error;
    whole.interrupted = whole.interrupted || progress.interrupted;
    whole.done = progress.done;
  }
  return whole;
}

error_code SockDiag::send(std::span<const std::byte> request) const {
  const auto sent = ::send(fd_.get(), request.data(), request.size(), 0);
  return sent < 0 ? last_error() : error_code{};
}

Result<std::span<const std::byte>> SockDiag::receive() {
  pollfd waiting{fd_.get(), POLLIN, 0};
  const int ready = ::poll(&waiting, 1, kAnswerTimeoutMilliseconds);
  if (ready == 0) return errno_error(ETIMEDOUT);
  // MSG_TRUNC makes the kernel tell the whole length of a block that did not fit.
  const auto length = ::recv(fd_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
  if (length < 0) return last_error();
  if (static_cast<std::size_t>(length) > buffer_.size()) return errno_error(EMSGSIZE);
  return std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(length));
}

}  // namespace closewait
