#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace closewait {

// What was there at one rest, after so many connections.
struct Level {
  double served = 0;
  double amount = 0;
};

struct Growth {
  double total = 0;  // over the levels that count
  double per_connection = 0;
};

// Growth from rest to rest with the connections served; nothing where the amount stays, comes to a
// plateau or goes up and down. The first two rests do not count: a program takes what it needs in
// its first cycle. Of the others there have to be four. The slope is the median of those between
// any two of them (Theil and Sen), so one rest that is off moves nothing. Pure.
[[nodiscard]] std::optional<Growth> steady_growth(const std::vector<Level>& rests);

// Whether an allocator that keeps so many freed bytes before it uses them again may grow so: with
// what it notes of each, at most twice as much.
[[nodiscard]] constexpr bool fits_a_quarantine(const Growth& growth, std::uint64_t bytes) {
  return growth.total <= 2 * static_cast<double>(bytes);
}

}  // namespace closewait
