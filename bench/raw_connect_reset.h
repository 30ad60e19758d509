#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/clock.h"

namespace closewait {

// The least that connect and reset can cost: a blocking loop of socket, setsockopt(SO_LINGER),
// connect, close; with `proof` also the calls by which the rig proves that it happened: SO_LINGER
// read back and TCP_INFO just before the end. Returns how many it made in `duration`; throws
// SetupError when one fails.
enum class RawLoop { kBare, kWithProof };
[[nodiscard]] std::uint64_t raw_connect_reset(const SocketAddress& target, Nanoseconds duration,
                                              RawLoop kind);

}  // namespace closewait
