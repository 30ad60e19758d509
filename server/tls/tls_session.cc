#include "server/tls/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace closewait {
namespace {

using Then = Transfer::Then;

constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;

}  // namespace

void TlsSession::Free::operator()(SSL* ssl) const noexcept { SSL_free(ssl); }

Transfer TlsSession::shake_hands() {
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  if (result != 1) return nothing(result);
  open_ = true;
  return {.then = Then::kGoOn};
}

Transfer TlsSession::receive(std::span<char> buffer) {
  holds_end_ = false;
  wants_room_ = false;
  std::size_t size = 0;
  while (size < buffer.size()) {
    ERR_clear_error();
    std::size_t some = 0;
    const int result = SSL_read_ex(ssl_.get(), buffer.data() + size, buffer.size() - size, &some);
    if (result == 1) {
      size += some;
      continue;
    }
    const Transfer none = nothing(result);
    if (size == 0) return none;
    // An end behind these bytes is told by the next call, and no event will ask for that.
    holds_end_ = none.then != Then::kWait;
    return {.size = size, .then = holds_end_ ? Then::kGoOn : Then::kWait};
  }
  return {.size = size, .then = Then::kGoOn};
}

Transfer TlsSession::send(std::span<const iovec> pieces) {
  // A record for each piece would cost more than to copy them together.
  std::array<char, kRecord> record;
  std::size_t size = 0;
  for (const iovec& piece : pieces) {
    const std::size_t some = std::min(piece.iov_len, record.size() - size);
    std::memcpy(record.data() + size, piece.iov_base, some);
    size += some;
  }
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), record.data(), size, &sent);
  if (result != 1) return nothing(result);
  return {.size = sent, .then = Then::kGoOn};
}

bool TlsSession::end_sending() {
  if (failed_ || !open_) return true;
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_.get());
  return result >= 0 || SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_WRITE;
}

bool TlsSession::holds_input() const noexcept { return holds_end_ || SSL_pending(ssl_.get()) > 0; }

// Why a call has brought nothing.
Transfer TlsSession::nothing(int result) {
  const int error = errno;
  const int why = SSL_get_error(ssl_.get(), result);
  wants_room_ = why == SSL_ERROR_WANT_WRITE;
  switch (why) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {.then = Then::kWait};
    case SSL_ERROR_ZERO_RETURN:
      return {.then = Then::kEnded};
    default:
      break;
  }
  failed_ = true;
  const bool by_socket = why == SSL_ERROR_SYSCALL && error != 0;
  return {.then = Then::kFailed, .error = by_socket ? error : EPROTO};
}

}  // namespace closewait
