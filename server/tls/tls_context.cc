#include "server/tls/tls_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string_view>

#include "base/error.h"

namespace closewait {
namespace {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

// The first error is the cause; those behind it say what came of it.
std::string cause() {
  const unsigned long error = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(error)) return describe(errno_error(ERR_GET_REASON(error)));
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "OpenSSL does not say why";
}

[[noreturn]] void fail_with_openssl(const std::string& what) {
  throw SetupError(what + ": " + cause());
}

void add_extension(X509& certificate, int extension, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> made(
      X509V3_EXT_conf_nid(nullptr, &context, extension, value));
  if (!made || X509_add_ext(&certificate, made.get(), -1) != 1)
    fail_with_openssl("cannot make a certificate");
}

// For a day short of a year, as from an hour ago: clocks differ.
Certificate self_signed(EVP_PKEY& key) {
  constexpr long kHour = 3600;
  constexpr long kDay = 24 * kHour;
  Certificate certificate(X509_new());
  if (!certificate) fail_with_openssl("cannot make a certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 364 * kDay);
  X509_set_pubkey(certificate.get(), &key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  constexpr std::string_view kHost = "localhost";
  X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(kHost.data()),
                             static_cast<int>(kHost.size()), -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(*certificate, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(*certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  if (X509_sign(certificate.get(), &key, EVP_sha256()) == 0)
    fail_with_openssl("cannot make a certificate");
  return certificate;
}

void use_own_certificate(SSL_CTX& context) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) fail_with_openssl("cannot make a key");
  const Certificate certificate = self_signed(*key);
  if (SSL_CTX_use_certificate(&context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(&context, key.get()) != 1) {
    fail_with_openssl("cannot use a certificate of its own");
  }
}

void use_files(SSL_CTX& context, const TlsFiles& files) {
  if (SSL_CTX_use_certificate_chain_file(&context, files.certificate.c_str()) != 1) {
    fail_with_openssl("cannot use " + files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(&context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail_with_openssl("cannot use " + files.key);
  }
  if (SSL_CTX_check_private_key(&context) != 1) {
    fail_with_openssl("cannot use " + files.key + " with " + files.certificate);
  }
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }

TlsContext::TlsContext(const TlsFiles& files) : context_(SSL_CTX_new(TLS_server_method())) {
  ERR_clear_error();
  if (!context_) fail_with_openssl("cannot use TLS");
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  // Many clients never say close_notify; lengths say whether anything is missing.
  SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                       SSL_MODE_RELEASE_BUFFERS);
  // A key with a passphrase is an error: there may be nobody to ask.
  SSL_CTX_set_default_passwd_cb(context_.get(), [](char*, int, int, void*) { return 0; });
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);  // it would grow
  if (files.certificate.empty()) {
    use_own_certificate(*context_);
  } else {
    use_files(*context_, files);
  }
}

std::unique_ptr<TlsSession> TlsContext::session(int fd) const {
  SSL* ssl = SSL_new(context_.get());
  if (ssl == nullptr) return nullptr;
  auto session = std::make_unique<TlsSession>(ssl);
  if (SSL_set_fd(ssl, fd) != 1) return nullptr;
  return session;
}

}  // namespace closewait
