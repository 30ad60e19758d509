#pragma once

#include <chrono>
#include <cstdint>

namespace closewait {

// CLOCK_MONOTONIC everywhere: instants of the rig, the kernel's timers and Asio's agree.
using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

[[nodiscard]] inline double to_seconds(Nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

[[nodiscard]] inline Nanoseconds from_seconds(double seconds) {
  return Nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace closewait
