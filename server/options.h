#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "server/connections/deadlines.h"
#include "server/connections/listener.h"
#include "server/services/service.h"
#include "server/tls/tls_context.h"

namespace closewait {

// What a server is told before it starts. A plain value; the defaults are the program's.
struct ServerOptions {
  std::vector<ListenAddress> listen;
  TlsFiles tls;  // of those listened on with TLS
  const Service* service = nullptr;
  unsigned workers = 1;    // in each process
  unsigned processes = 1;  // more than one: child processes of this one
  Timeouts timeouts;
  ServiceLimits limits;
  std::optional<std::uint64_t> max_connections;   // a process; else what descriptors allow
  bool evicts_idle = false;                       // beyond that: who has been idle longest goes
  std::uint64_t linger_bytes = 64 * 1024 * 1024;  // dropped after the last answer
  Nanoseconds drain_timeout = std::chrono::seconds(5);  // from SIGTERM to the end
  std::optional<SocketAddress> metrics;                 // where to serve them, if at all
  std::vector<int> inherited;  // descriptors, when a supervisor has started this process
};

[[nodiscard]] bool listens_with_tls(const ServerOptions& options);

// Throws UsageError. Nothing when help or the version was asked for, which is printed then.
[[nodiscard]] std::optional<ServerOptions> parse_options(int argc, const char* const* argv);

}  // namespace closewait
