#pragma once

#include <cstdint>
#include <span>

#include "base/address.h"
#include "base/clock.h"
#include "loadgen/scenario.h"
#include "record/tally.h"

namespace closewait {

// One connection of a plan, to be played alone. What it points to outlives the call.
struct ReplaySetup {
  const Scenario* scenario = nullptr;
  std::span<const SocketAddress> targets;
  const ClientMix* mix = nullptr;  // what it does
  std::uint64_t number = 0;
  std::uint64_t choices = 0;
};

struct Replayed {
  ClientTally tally;  // of this one connection
  Nanoseconds took{0};
};

// Plays the connection at once and waits for its end, by the session that a run would use. Its
// own deadline bounds how long that takes. The kernel chooses its port.
[[nodiscard]] Replayed replay(const ReplaySetup& setup);

}  // namespace closewait
