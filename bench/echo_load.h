#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/unique_fd.h"

namespace closewait {

// `count` connections, each made before the next. Throws SetupError.
[[nodiscard]] std::vector<UniqueFd> connect_many(const SocketAddress& address, std::size_t count);

// Sends `size` bytes on each of `connections` connections, waits for them to come back, and sends
// again, for so long. Returns how many rounds there were; throws SetupError when one is cut short.
struct EchoLoad {
  std::size_t connections = 64;
  std::size_t size = 64;  // bytes
  Nanoseconds duration{};
};
[[nodiscard]] std::uint64_t run_echo_load(const SocketAddress& address, const EchoLoad& load);

}  // namespace closewait
