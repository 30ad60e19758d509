#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/clock.h"

namespace closewait {

// One run of wrk, one thread: what it counts as answered, and how long it took.
struct WrkRun {
  std::uint64_t requests = 0;
  Nanoseconds duration{};
  Nanoseconds cpu{};  // of wrk itself
};
struct WrkLoad {
  unsigned connections = 64;
  unsigned seconds = 1;
  std::vector<std::string> headers;
};
// GET / for so long. Throws SetupError when wrk fails or tells of errors.
[[nodiscard]] WrkRun run_wrk(const SocketAddress& address, const WrkLoad& load);

}  // namespace closewait
