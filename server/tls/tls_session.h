#pragma once

#include <openssl/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>

#include "server/connections/transfer.h"

namespace closewait {

// One TLS connection over a descriptor that it borrows, the server's side, by OpenSSL. Made by a
// TlsContext. OpenSSL writes without MSG_NOSIGNAL, so SIGPIPE must be ignored. One thread.
class TlsSession {
 public:
  explicit TlsSession(SSL* owned) noexcept : ssl_(owned) {}

  [[nodiscard]] bool is_open() const noexcept { return open_; }
  // kGoOn when it is open now.
  [[nodiscard]] Transfer shake_hands();
  // Fills the buffer as far as there is input: epoll tells once of what came, and a record is
  // smaller than what may have come.
  [[nodiscard]] Transfer receive(std::span<char> buffer);
  // One record at most. When it has to wait, the next call must offer the same bytes first.
  [[nodiscard]] Transfer send(std::span<const iovec> pieces);
  // Says close_notify. False while there is no room for it.
  [[nodiscard]] bool end_sending();

  // Decrypted bytes, or an end that was read with the last of them.
  [[nodiscard]] bool holds_input() const noexcept;
  [[nodiscard]] bool wants_room() const noexcept { return wants_room_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept;
  };
  [[nodiscard]] Transfer nothing(int result);

  std::unique_ptr<SSL, Free> ssl_;
  bool open_ = false;
  bool failed_ = false;  // fatally: OpenSSL must not be asked for anything any more
  bool wants_room_ = false;
  bool holds_end_ = false;
};

}  // namespace closewait
