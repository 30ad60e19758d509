#include "faults/tls_layer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace closewait {
namespace {

struct FreeMethod {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};

// Of a ClientHello: the record's head, and a little more.
constexpr std::size_t kBegunHello = 16;

std::string openssl_reason(const SSL* ssl) {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  std::string text = reason != nullptr ? reason : "OpenSSL does not say why";
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    text += std::string(": ") + X509_verify_cert_error_string(verified);
  }
  return text;
}

}  // namespace

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL.
int TlsLayer::Wire::write(BIO* bio, const char* data, int size) {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const int flags = MSG_NOSIGNAL | (wire.more ? MSG_MORE : 0);
  const auto offered = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
  const auto cut = offered.first(std::min(offered.size(), wire.most));
  const auto sent = noted(wire.log, {.name = "send", .data = cut},
                          [&] { return ::send(wire.fd, cut.data(), cut.size(), flags); });
  if (sent >= 0 && cut.size() < offered.size()) return size;
  if (sent >= 0) return static_cast<int>(sent);
  wire.error = errno;
  if (wire.error == EAGAIN) BIO_set_retry_write(bio);
  return -1;
}

int TlsLayer::Wire::read(BIO* bio, char* data, int size) {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto room = std::as_writable_bytes(std::span(data, static_cast<std::size_t>(size)));
  const auto got = noted(wire.log, {.name = "recv", .data = room},
                         [&] { return ::recv(wire.fd, room.data(), room.size(), 0); });
  wire.ended = got == 0;
  if (got >= 0) return static_cast<int>(got);
  wire.error = errno;
  if (wire.error == EAGAIN) BIO_set_retry_read(bio);
  return -1;
}

long TlsLayer::Wire::control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return static_cast<Wire*>(BIO_get_data(bio))->ended ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* TlsLayer::method() {
  static const std::unique_ptr<BIO_METHOD, FreeMethod> made = [] {
    std::unique_ptr<BIO_METHOD, FreeMethod> method(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "closewait client"));
    if (method) {
      BIO_meth_set_write(method.get(), Wire::write);
      BIO_meth_set_read(method.get(), Wire::read);
      BIO_meth_set_ctrl(method.get(), Wire::control);
    }
    return method;
  }();
  return made.get();
}

void TlsLayer::Free::operator()(SSL* ssl) const noexcept { SSL_free(ssl); }

TlsLayer::TlsLayer(SSL* owned, int fd, CallLog* log) : ssl_(owned), wire_{.fd = fd, .log = log} {
  BIO* bio = method() != nullptr ? BIO_new(method()) : nullptr;
  if (bio == nullptr) return;
  BIO_set_data(bio, &wire_);
  BIO_set_init(bio, 1);
  SSL_set_bio(owned, bio, bio);  // owned by it now
  SSL_set_connect_state(owned);
  ready_ = true;
}

TlsLayer::~TlsLayer() = default;

error_code TlsLayer::shake_hands() {
  ERR_clear_error();
  wire_.error = 0;
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return why_nothing(result);
  open_ = true;
  wants_room_ = false;
  return {};
}

error_code TlsLayer::begin_hello() {
  wire_.most = kBegunHello;
  const auto error = shake_hands();
  wire_.most = SIZE_MAX;
  return error;
}

Result<std::size_t> TlsLayer::send(std::span<const std::byte> data) {
  if (failed_) return errno_error(EPROTO);
  ERR_clear_error();
  wire_.error = 0;
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &sent);
  if (result != 1) return why_nothing(result);
  wants_room_ = false;
  return sent;
}

bool TlsLayer::send_held_back(std::span<const std::byte> data) {
  wire_.more = true;
  const auto sent = send(data);
  wire_.more = false;
  return sent && *sent == data.size();
}

Result<std::size_t> TlsLayer::receive(std::span<std::byte> buffer) {
  const bool told = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  // Whom a bare FIN offends says so by a fatal alert, and ends then as well.
  if (failed_ && !(told && has_ended_sending_)) return errno_error(EPROTO);
  if (told) return receive_end();
  ERR_clear_error();
  wire_.error = 0;
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &got);
  if (result == 1) {
    wants_room_ = false;
    return got;
  }
  const auto error = why_nothing(result);
  if (wire_.ended && has_ended_sending_) return std::size_t{0};
  if ((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) return receive_end();
  return error;
}

// What follows the peer's close_notify: its FIN, and nothing else.
Result<std::size_t> TlsLayer::receive_end() {
  if (wire_.ended) return std::size_t{0};
  std::byte beyond{};
  const auto got = noted(wire_.log, {.name = "recv", .data = {&beyond, 1}},
                         [&] { return ::recv(wire_.fd, &beyond, 1, 0); });
  wants_room_ = false;
  if (got < 0) return last_error();
  wire_.ended = got == 0;
  if (got > 0) return errno_error(EPROTO);
  return std::size_t{0};
}

void TlsLayer::end_sending(Farewell farewell) {
  if (failed_ || !open_) return;
  has_ended_sending_ = true;
  if (farewell == Farewell::kNone) return;
  ERR_clear_error();
  wire_.more = true;
  // Negative: the socket is full or broken, and the FIN has to do without.
  if (SSL_shutdown(ssl_.get()) < 0) ERR_clear_error();
  wire_.more = false;
}

error_code TlsLayer::why_nothing(int result) {
  const int why = SSL_get_error(ssl_.get(), result);
  wants_room_ = why == SSL_ERROR_WANT_WRITE;
  if (wants_room_ || why == SSL_ERROR_WANT_READ) return errno_error(EAGAIN);
  failed_ = why != SSL_ERROR_ZERO_RETURN;
  if (wire_.error != 0 && wire_.error != EAGAIN) {
    trouble_ = describe(errno_error(wire_.error));
    return errno_error(wire_.error);
  }
  if (wire_.ended) {
    trouble_ = "the target ended the connection before hands were shaken";
    return errno_error(ECONNRESET);
  }
  trouble_ = openssl_reason(ssl_.get());
  return errno_error(EPROTO);
}

}  // namespace closewait
