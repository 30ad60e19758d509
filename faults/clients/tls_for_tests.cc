#include "faults/clients/tls_for_tests.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace closewait {
namespace {

void must_be(bool holds) {
  if (!holds) throw std::runtime_error("the peer cannot make a certificate");
}

void add_extension(X509* certificate, int extension, const char* value) {
  X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, extension, value);
  must_be(made != nullptr && X509_add_ext(certificate, made, -1) == 1);
  X509_EXTENSION_free(made);
}

struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Certificate certificate_of(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509* made = certificate.get();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, key);
  const unsigned char name[] = "localhost";
  X509_NAME_add_entry_by_NID(X509_get_subject_name(made), NID_commonName, MBSTRING_ASC, name, -1,
                             -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(made));
  add_extension(made, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  must_be(X509_sign(made, key, EVP_sha256()) != 0);
  return certificate;
}

std::string write_down(X509* certificate) {
  static std::atomic<int> files{0};  // tests may have several peers at a time
  const auto path =
      std::filesystem::temp_directory_path() /
      ("closewait-peer-" + std::to_string(::getpid()) + "-" + std::to_string(++files) + ".pem");
  std::FILE* file = std::fopen(path.c_str(), "we");
  must_be(file != nullptr && PEM_write_X509(file, certificate) == 1);
  std::fclose(file);
  return path.string();
}

int choose_first(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                 unsigned, void*) {
  *size = *offered;
  *out = offered + 1;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void TlsForTests::Free::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }

TlsForTests::TlsForTests() : context_(SSL_CTX_new(TLS_server_method())) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  must_be(context_ && key != nullptr);
  const Certificate certificate = certificate_of(key);
  must_be(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1 &&
          SSL_CTX_use_PrivateKey(context_.get(), key) == 1);
  EVP_PKEY_free(key);
  SSL_CTX_set_mode(context_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context_.get(), choose_first, nullptr);
  file_ = write_down(certificate.get());
}

TlsForTests::~TlsForTests() { std::filesystem::remove(file_); }

std::unique_ptr<TlsEnd> TlsForTests::end_of(int fd) {
  SSL* ssl = SSL_new(context_.get());
  SSL_set_fd(ssl, fd);
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsEnd>(ssl);
}

void TlsEnd::Free::operator()(SSL* ssl) const noexcept { SSL_free(ssl); }

ssize_t TlsEnd::receive(char* buffer, std::size_t size) {
  if (over_) return receive_beyond();
  ERR_clear_error();
  errno = 0;
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), buffer, size, &got);
  if (result == 1) return static_cast<ssize_t>(got);
  const int error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      close_notify_ = over_ = true;
      return receive_beyond();
    default:
      break;
  }
  over_ = true;
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return 0;
  errno = error != 0 ? error : EPROTO;
  return -1;
}

// Nothing may follow close_notify but the FIN.
ssize_t TlsEnd::receive_beyond() {
  char beyond = 0;
  const auto got = ::recv(SSL_get_fd(ssl_.get()), &beyond, 1, 0);
  if (got <= 0) return got;
  errno = EPROTO;
  return -1;
}

ssize_t TlsEnd::send(const char* data, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), data, size, &sent);
  if (result == 1) return static_cast<ssize_t>(sent);
  const int error = errno;
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
  } else {
    errno = error != 0 ? error : EPROTO;
  }
  return -1;
}

void TlsEnd::say_close_notify() { SSL_shutdown(ssl_.get()); }

std::string TlsEnd::asked_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

std::string TlsEnd::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace closewait
