#include "faults/tls_client_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "faults/tls_layer.h"

namespace closewait {
namespace {

// The first error is the cause; those behind it say what came of it.
[[noreturn]] void cannot_use(const std::string& what) {
  const unsigned long error = ERR_peek_error();
  const char* reason = ERR_reason_error_string(error);
  if (ERR_SYSTEM_ERROR(error)) {
    throw SetupError("cannot use " + what + ": " + describe(errno_error(ERR_GET_REASON(error))));
  }
  throw SetupError("cannot use " + what + ": " + (reason != nullptr ? reason : "no reason given"));
}

// As the handshake has it: each name behind its length (RFC 7301, 3.1).
std::string wire_format(const std::vector<std::string>& names) {
  std::string bytes;
  for (const std::string& name : names) bytes += static_cast<char>(name.size()) + name;
  return bytes;
}

// SSL_set_tlsext_host_name(), without the cast of its macro.
bool ask_for(SSL* ssl, std::string name) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

bool expect_name(SSL* ssl, const std::string& sni, const SocketAddress& target) {
  if (!sni.empty()) return SSL_set1_host(ssl, sni.c_str()) == 1;
  if (target.is_unix()) return true;
  return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), target.ip().c_str()) == 1;
}

}  // namespace

void TlsClientContext::Free::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }

TlsClientContext::TlsClientContext(TlsSpec spec)
    : spec_(std::move(spec)), context_(SSL_CTX_new(TLS_client_method())) {
  ERR_clear_error();
  if (!context_) cannot_use("TLS");
  SSL_CTX* context = context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Servers that never say close_notify are many; lengths say whether anything is missing.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const std::string alpn = wire_format(spec_.alpn);
  // 0 is its success.
  if (!alpn.empty() &&
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()),
                              static_cast<unsigned>(alpn.size())) != 0) {
    cannot_use("alpn");
  }
  if (!spec_.verify) return;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (spec_.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_file(context, spec_.ca.c_str()) != 1) {
    cannot_use(spec_.ca);
  }
}

std::unique_ptr<TlsLayer> TlsClientContext::layer(int fd, const SocketAddress& target,
                                                  CallLog* log) const {
  SSL* ssl = SSL_new(context_.get());
  if (ssl == nullptr) return nullptr;
  auto layer = std::make_unique<TlsLayer>(ssl, fd, log);
  const bool named = spec_.sni.empty() || ask_for(ssl, spec_.sni);
  const bool expected = !spec_.verify || expect_name(ssl, spec_.sni, target);
  return layer->is_ready() && named && expected ? std::move(layer) : nullptr;
}

}  // namespace closewait
