#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/clock.h"
#include "rig/options.h"

namespace closewait {

// What `closewait watch` was told: a process, or who listens at a port of this machine.
struct WatchOptions {
  std::optional<std::int64_t> pid;
  std::optional<std::uint16_t> port;
  Nanoseconds length{0};  // 0: until it is interrupted or the process ends
  std::optional<SocketAddress> metrics;
  bool json = false;
};

// The observer alone: a line a second of what a process has, with the whole of it (a census) at the
// beginning and at the end, and as metrics. No client goes there, and nothing is judged. The
// process ending in the meantime is a fail. Throws UsageError, and SetupError when there is no such
// process.
[[nodiscard]] ExitStatus watch_command(const WatchOptions& options);

}  // namespace closewait
