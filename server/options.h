#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "server/service.h"

namespace closewait {

// What a server is told before it starts. A plain value; the defaults are the program's.
struct ServerOptions {
  std::vector<SocketAddress> listen;
  const Service* service = nullptr;
  unsigned workers = 1;
  Nanoseconds idle_timeout = std::chrono::seconds(60);   // nothing asked for, or half of it
  Nanoseconds write_timeout = std::chrono::seconds(30);  // none of what is owed is taken
  Nanoseconds linger_timeout = std::chrono::seconds(2);  // the peer does not close after the last
  std::uint64_t linger_bytes = 64 * 1024 * 1024;         // and goes on sending
  Nanoseconds drain_timeout = std::chrono::seconds(5);   // from SIGTERM to the end
  std::uint64_t max_body = 64 * 1024 * 1024;             // of a request
  std::optional<SocketAddress> metrics;                  // where to serve them, if at all
};

// Throws UsageError. Nothing when help or the version was asked for, which is printed then.
[[nodiscard]] std::optional<ServerOptions> parse_options(int argc, const char* const* argv);

}  // namespace closewait
