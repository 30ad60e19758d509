#include "loadgen/arrivals.h"

#include <algorithm>
#include <cmath>

namespace closewait {

ArrivalPlan::ArrivalPlan(const Spec& spec) : spec_(spec), random_(spec.seed) {}

std::optional<Nanoseconds> ArrivalPlan::next() {
  if (given_ == spec_.count) return std::nullopt;
  const auto left = static_cast<double>(spec_.count - given_);
  ++given_;
  if (spec_.kind == Arrivals::kEven) {
    return at_share((static_cast<double>(given_) - 0.5) / static_cast<double>(spec_.count));
  }
  // The least of `left` uniform draws from what is still to come.
  later_ *= std::pow(random_.unit(), 1.0 / left);
  return at_share(1 - later_);
}

// The instant by which this share of the phase's connections has begun: the inverse of the
// integral of a rate that goes from one value to another in a straight line.
Nanoseconds ArrivalPlan::at_share(double share) const {
  const double seconds = to_seconds(spec_.duration);
  const double from = spec_.rate.from;
  const double slope = (spec_.rate.to - from) / seconds;
  const double area = share * (from + spec_.rate.to) / 2 * seconds;
  const double root = std::sqrt(std::max(0.0, from * from + 2 * slope * area));
  const double at = from + root > 0 ? 2 * area / (from + root) : 0;
  return std::min(from_seconds(at), spec_.duration);
}

}  // namespace closewait
