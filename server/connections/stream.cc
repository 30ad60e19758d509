#include "server/connections/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace closewait {
namespace {

using Then = Transfer::Then;

Transfer no_bytes() {
  const bool would_block = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return would_block ? Transfer{.then = Then::kWait}
                     : Transfer{.then = Then::kFailed, .error = errno};
}

}  // namespace

Stream::Stream(UniqueFd fd, std::unique_ptr<TlsSession> tls) noexcept
    : fd_(std::move(fd)), tls_(std::move(tls)) {}

Transfer Stream::receive(std::span<char> buffer) {
  return tls_ != nullptr ? tls_->receive(buffer) : drop(buffer);
}

// Less than there is room for was all that there was: what comes later is another event.
Transfer Stream::drop(std::span<char> buffer) {
  const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (size < 0) return no_bytes();
  if (size == 0) return {.then = Then::kEnded};
  const auto bytes = static_cast<std::size_t>(size);
  return {.size = bytes, .then = bytes == buffer.size() ? Then::kGoOn : Then::kWait};
}

Transfer Stream::send(std::span<const iovec> pieces, bool last) {
  if (tls_ != nullptr) return tls_->send(pieces);
  // With more to come the last bytes wait for the end, which then is not a segment of its own.
  const int flags = MSG_NOSIGNAL | (last ? MSG_MORE : 0);
  ssize_t size = 0;
  if (pieces.size() == 1) {  // the most frequent case, and the cheaper call
    size = ::send(fd_.get(), pieces[0].iov_base, pieces[0].iov_len, flags);
  } else {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());  // only read
    message.msg_iovlen = pieces.size();
    size = ::sendmsg(fd_.get(), &message, flags);
  }
  if (size < 0) return no_bytes();
  return {.size = static_cast<std::size_t>(size), .then = Then::kGoOn};
}

Transfer Stream::end_sending() {
  if (sending_ended_) return {.then = Then::kEnded};
  if (tls_ != nullptr && !tls_->end_sending()) return {.then = Then::kWait};
  if (::shutdown(fd_.get(), SHUT_WR) != 0) return {.then = Then::kFailed, .error = errno};
  sending_ended_ = true;
  return {.then = Then::kEnded};
}

void Stream::abandon() noexcept {
  const ::linger discard{.l_onoff = 1, .l_linger = 0};
  // It fails on no stream socket, and the worst would be a slower end.
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &discard, sizeof discard);
}

}  // namespace closewait
