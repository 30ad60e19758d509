#pragma once

#include <openssl/bio.h>
#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "faults/call_log.h"
#include "faults/tls_farewell.h"

namespace closewait {

// TLS between a client and its socket, whose descriptor it borrows; made by a TlsClientContext. Its
// calls do what the system calls of the same kind do and never block: EAGAIN is "not now", EPROTO
// is what TLS itself does not take, after which nothing goes on. It never closes anything, and its
// destructor sends nothing: a client that is reset says no farewell. One thread, not moved.
class TlsLayer {
 public:
  // Notes its calls in `log`, which may be null and outlives it.
  TlsLayer(SSL* owned, int fd, CallLog* log);
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;
  ~TlsLayer();

  [[nodiscard]] bool is_ready() const { return ready_; }
  // To be called until it has no error. EPROTO, ECONNRESET and so on when it failed: see trouble().
  [[nodiscard]] error_code shake_hands();
  // Sends a few bytes of its ClientHello and never the rest. EAGAIN when that was done.
  [[nodiscard]] error_code begin_hello();
  // One record at most. After EAGAIN the next call offers the same bytes first.
  [[nodiscard]] Result<std::size_t> send(std::span<const std::byte> data);
  // One record that stays here until more follows it. False: it was not taken.
  [[nodiscard]] bool send_held_back(std::span<const std::byte> data);
  // 0 at the end of input, which is the peer's FIN; its close_notify alone is not.
  [[nodiscard]] Result<std::size_t> receive(std::span<std::byte> buffer);
  // Says close_notify, when there is room for it, in one segment with the FIN that the caller sends
  // next: a peer that has closed already would answer it by a reset before the FIN was out. From
  // then on the peer may end as it likes: its FIN is the end of input without close_notify, too.
  void end_sending(Farewell farewell);

  // After EAGAIN: it waits until the socket takes bytes, not until some come.
  [[nodiscard]] bool wants_room() const { return wants_room_; }
  // Why it failed, for a person: "certificate verify failed: self-signed certificate".
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept;
  };
  // What OpenSSL reads from and writes to.
  struct Wire {
    int fd;
    CallLog* log;
    int error = 0;  // errno of the last call that failed
    bool ended = false;
    bool more = false;            // of the stream follows: not to be sent alone
    std::size_t most = SIZE_MAX;  // of each write, the rest of which is lost

    static int write(BIO* bio, const char* data, int size);
    static int read(BIO* bio, char* data, int size);
    static long control(BIO* bio, int command, long number, void* pointer);
  };
  [[nodiscard]] static const BIO_METHOD* method();
  [[nodiscard]] error_code why_nothing(int result);
  [[nodiscard]] Result<std::size_t> receive_end();

  std::unique_ptr<SSL, Free> ssl_;
  Wire wire_;
  std::string trouble_;
  bool ready_ = false;
  bool open_ = false;    // hands are shaken
  bool failed_ = false;  // for good: OpenSSL must not be asked for anything any more
  bool wants_room_ = false;
  bool has_ended_sending_ = false;
};

}  // namespace closewait
