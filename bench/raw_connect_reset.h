#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/clock.h"

namespace closewait {

// The least that connect and reset can cost: a blocking loop of socket, setsockopt(SO_LINGER),
// connect, close; with proof also the calls by which the rig proves that it happened: SO_LINGER
// read back and TCP_INFO just before the end.
enum class RawLoop { kBare, kWithProof };
struct RawResets {
  RawLoop kind = RawLoop::kBare;
  Nanoseconds duration{};
  // Where not empty, a port of each in turn is bound, as the rig must to know its connections:
  // SO_REUSEADDR and bind() besides.
  std::vector<SocketAddress> sources;
};
// Returns how many it made in that time; throws SetupError when one fails.
[[nodiscard]] std::uint64_t raw_connect_reset(const SocketAddress& target, const RawResets& load);

}  // namespace closewait
