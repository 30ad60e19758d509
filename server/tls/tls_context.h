#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "server/tls/tls_session.h"

namespace closewait {

// Where a server's certificate and its private key are, both PEM; the first may have a chain
// behind it. Both empty: it makes a certificate of its own, for localhost, which nobody trusts.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

// What the TLS connections of a server share: TLS 1.2 and 1.3. Any thread.
class TlsContext {
 public:
  // Throws SetupError, "cannot use FILE: why".
  explicit TlsContext(const TlsFiles& files);

  // For an accepted descriptor, which is borrowed. nullptr for want of memory.
  [[nodiscard]] std::unique_ptr<TlsSession> session(int fd) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept;
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace closewait
