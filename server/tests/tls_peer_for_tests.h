#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/tests/peer_for_tests.h"

namespace closewait {

// A blocking TLS client that trusts everybody. Owns its socket.
class TlsPeer {
 public:
  explicit TlsPeer(const SocketAddress& address, int version = TLS1_3_VERSION)
      : peer_(address), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), peer_.fd());
  }

  // False when there is no handshake to be had.
  [[nodiscard]] bool shake_hands() { return SSL_connect(ssl_.get()) == 1; }
  [[nodiscard]] bool send(std::string_view bytes) {
    std::size_t sent = 0;
    return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) == 1;
  }
  // "" at the end; told_the_end() then says which it was.
  [[nodiscard]] std::string receive(std::size_t most = 1 << 20) {
    std::string bytes(most, '\0');
    std::size_t size = 0;
    if (SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &size) != 1) size = 0;
    bytes.resize(size);
    return bytes;
  }
  [[nodiscard]] std::string receive_exactly(std::size_t size) {
    std::string all;
    while (all.size() < size) {
      const std::string some = receive(size - all.size());
      if (some.empty()) break;
      all += some;
    }
    return all;
  }
  [[nodiscard]] std::string receive_all() {
    std::string all;
    for (std::string some = receive(); !some.empty(); some = receive()) all += some;
    return all;
  }
  // The server has said close_notify.
  [[nodiscard]] bool told_the_end() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  // Says close_notify; the other direction stays open.
  void end_sending() { SSL_shutdown(ssl_.get()); }
  // Holds back what is sent until it is off.
  void cork(bool on) const {
    const int value = on ? 1 : 0;
    ::setsockopt(peer_.fd(), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
  }
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  [[nodiscard]] Peer& peer() { return peer_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  Peer peer_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace closewait
