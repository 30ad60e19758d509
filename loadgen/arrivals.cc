#include "loadgen/arrivals.h"

#include <cmath>

namespace closewait {

ArrivalPlan::ArrivalPlan(const Spec& spec)
    : spec_(spec), curve_(spec.rate, spec.duration), random_(spec.seed) {}

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

Nanoseconds ArrivalPlan::at_share(double share) const {
  return curve_.instant_of(share * curve_.connections());
}

}  // namespace closewait
