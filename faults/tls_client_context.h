#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/error.h"

namespace closewait {

class CallLog;
class TlsLayer;

// How clients speak TLS to the target: plain data.
struct TlsSpec {
  std::string sni;      // the name asked for, and that a certificate has to have; "" asks for none
  bool verify = false;  // whether the certificate has to be right
  std::string ca;       // file (PEM) of who may have signed it; "": the system's
  std::vector<std::string> alpn;  // offered, the dearest first
};

// What TLS connections of one worker share, by OpenSSL. Every connection shakes hands in full: no
// session is resumed. TLS 1.2 and later. One thread.
class TlsClientContext {
 public:
  // Throws SetupError when the file `ca` cannot be used.
  explicit TlsClientContext(TlsSpec spec);

  // A connection to `target` over a descriptor that it borrows and that need not be connected yet;
  // null when there is no memory for it. Without a name, a certificate has to have the target's
  // address; one of a Unix socket any name. Its calls are noted in `log`, unless that is null.
  [[nodiscard]] std::unique_ptr<TlsLayer> layer(int fd, const SocketAddress& target,
                                                CallLog* log = nullptr) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept;
  };

  TlsSpec spec_;
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace closewait
