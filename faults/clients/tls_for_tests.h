#pragma once

#include <openssl/types.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

namespace closewait {

// A server's side of one TLS connection over a descriptor that it borrows. receive() and send()
// are recv() and send() of what is inside: 0 is the FIN, not close_notify, and errno says why not.
class TlsEnd {
 public:
  explicit TlsEnd(SSL* owned) : ssl_(owned) {}

  [[nodiscard]] ssize_t receive(char* buffer, std::size_t size);
  [[nodiscard]] ssize_t send(const char* data, std::size_t size);
  void say_close_notify();

  [[nodiscard]] bool was_told_close_notify() const { return close_notify_; }
  [[nodiscard]] std::string asked_name() const;
  [[nodiscard]] std::string protocol() const;  // of ALPN, the first that was offered

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept;
  };
  [[nodiscard]] ssize_t receive_beyond();

  std::unique_ptr<SSL, Free> ssl_;
  bool close_notify_ = false;
  bool over_ = false;
};

// What they share: a certificate of "localhost" and 127.0.0.1 that has signed itself.
class TlsForTests {
 public:
  TlsForTests();
  ~TlsForTests();
  TlsForTests(const TlsForTests&) = delete;
  TlsForTests& operator=(const TlsForTests&) = delete;

  [[nodiscard]] std::unique_ptr<TlsEnd> end_of(int fd);
  [[nodiscard]] const std::string& certificate_file() const { return file_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept;
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::string file_;
};

}  // namespace closewait
