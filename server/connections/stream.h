#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/unique_fd.h"
#include "server/connections/transfer.h"
#include "server/tls/tls_session.h"

namespace closewait {

// The bytes of one connection, in and out, as they are or through TLS. Owns the descriptor and the
// session. No call blocks or waits; one thread.
class Stream {
 public:
  // `tls` is nullptr where bytes go as they are.
  explicit Stream(UniqueFd fd, std::unique_ptr<TlsSession> tls = nullptr) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Whether bytes of the service may pass yet; else shake_hands() gets on with it.
  [[nodiscard]] bool is_open() const noexcept { return tls_ == nullptr || tls_->is_open(); }
  [[nodiscard]] Transfer shake_hands() { return tls_->shake_hands(); }

  [[nodiscard]] Transfer receive(std::span<char> buffer);
  // Nothing but the end will follow what `last` is said of: they may travel together.
  [[nodiscard]] Transfer send(std::span<const iovec> pieces, bool last);
  // Tells the peer that nothing more comes: kEnded when it is told, kWait when that has to wait
  // until there is room. Where the connection is dead it has failed (ENOTCONN), even if nothing
  // before has said so: OpenSSL keeps some errors to itself.
  [[nodiscard]] Transfer end_sending();
  // What comes after that: to be dropped, and not even decrypted.
  [[nodiscard]] Transfer drop(std::span<char> buffer);

  // The peer's answer to the end comes even from who has nothing more to send (close_notify).
  [[nodiscard]] bool peer_confirms_end() const noexcept { return tls_ != nullptr; }

  // What was read from the descriptor and not received yet: no event will tell of it.
  [[nodiscard]] bool holds_input() const noexcept { return tls_ != nullptr && tls_->holds_input(); }
  // Input waits for room for something of TLS' own.
  [[nodiscard]] bool wants_room() const noexcept { return tls_ != nullptr && tls_->wants_room(); }
  // Closing from now on resets the connection.
  void abandon() noexcept;

 private:
  UniqueFd fd_;
  std::unique_ptr<TlsSession> tls_;
  bool sending_ended_ = false;
};

}  // namespace closewait
