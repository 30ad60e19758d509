#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/clock.h"

namespace closewait {

// The least that connect, request, response and close can cost: one thread, one epoll set, one
// buffer; what comes is counted and not looked at, and nothing is timed, proven or recorded. Each
// of its connections ends as a polite client does: shuts down sending, reads to the end, closes.
struct BareLoad {
  std::string request;
  std::vector<SocketAddress> sources;  // local addresses, which are used in turn
  std::size_t connections = 64;        // at a time
  Nanoseconds duration{};
};
// How many came to their end within `duration`. Throws SetupError when one is cut short.
[[nodiscard]] std::uint64_t run_bare_clients(const SocketAddress& target, const BareLoad& load);

}  // namespace closewait
