#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/clock.h"

namespace closewait {

// The least that connect and reset can cost: a blocking loop of socket, setsockopt(SO_LINGER),
// connect, close. Returns how many it made in `duration`; throws SetupError when one fails.
[[nodiscard]] std::uint64_t raw_connect_reset(const SocketAddress& target, Nanoseconds duration);

}  // namespace closewait
