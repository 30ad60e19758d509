#include "verdict/growth.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace closewait {
namespace {

constexpr std::size_t kFirstCycle = 2;
constexpr std::size_t kFewest = 4;
constexpr double kLeastRising = 0.75;        // of the steps
constexpr double kLeastOfSlopeLately = 0.5;  // in the second half; else it is a plateau

// Evenly, the last among them: all pairs of a run of days would be too many.
std::vector<Level> some_of(std::span<const Level> levels) {
  constexpr std::size_t kMost = 100;
  const std::size_t every = (levels.size() + kMost - 1) / kMost;
  std::vector<Level> some;
  for (std::size_t i = (levels.size() - 1) % every; i < levels.size(); i += every) {
    some.push_back(levels[i]);
  }
  return some;
}

double slope(std::span<const Level> levels) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    for (std::size_t j = i + 1; j < levels.size(); ++j) {
      const double served = levels[j].served - levels[i].served;
      if (served > 0) slopes.push_back((levels[j].amount - levels[i].amount) / served);
    }
  }
  if (slopes.empty()) return 0;
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  return *middle;
}

}  // namespace

std::optional<Growth> steady_growth(const std::vector<Level>& rests) {
  if (rests.size() < kFirstCycle + kFewest) return {};
  const std::vector<Level> some = some_of(std::span(rests).subspan(kFirstCycle));
  const std::span<const Level> levels(some);
  std::size_t rising = 0;
  for (std::size_t i = 1; i < levels.size(); ++i) {
    if (levels[i].amount > levels[i - 1].amount) ++rising;
  }
  const auto steps = static_cast<double>(levels.size() - 1);
  if (static_cast<double>(rising) < kLeastRising * steps) return {};
  const double per_connection = slope(levels);
  const double lately = slope(levels.subspan(levels.size() / 2));
  if (per_connection <= 0 || lately < kLeastOfSlopeLately * per_connection) return {};
  return Growth{levels.back().amount - levels.front().amount, per_connection};
}

}  // namespace closewait
