#include "loadgen/arrivals.h"

#include <cmath>

namespace closewait {

ArrivalPlan::ArrivalPlan(const Spec& spec)
    : spec_(spec), curve_(spec.rate, spec.duration), random_(spec.seed) {}

std::optional<Nanoseconds> ArrivalPlan::next() {
  if (given_ == spec_.count) return std::nullopt;
  const std::uint64_t group = given_ / spec_.together;
  if (given_++ % spec_.together != 0) return last_;
  const std::uint64_t groups = (spec_.count + spec_.together - 1) / spec_.together;
  if (spec_.kind == Arrivals::kEven) {
    last_ = at_share((static_cast<double>(group) + 0.5) / static_cast<double>(groups));
  } else {
    // The least of so many uniform draws from what is still to come.
    later_ *= std::pow(random_.unit(), 1.0 / static_cast<double>(groups - group));
    last_ = at_share(1 - later_);
  }
  return last_;
}

Nanoseconds ArrivalPlan::at_share(double share) const {
  return curve_.instant_of(share * curve_.connections());
}

}  // namespace closewait
