#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/random.h"
#include "loadgen/scenario.h"

namespace closewait {

// When the connections of a phase begin: a pure function of (rate, duration, kind, seed), streamed
// in order, with memory for the steps of the rate only. The number of arrivals is exact,
// Phase::planned(): `even` spaces them by the rate; `poisson` is the Poisson process on the
// condition that exactly so many fall into the phase, whose instants are the order statistics of
// independent draws (drawn in order by the recursion of Bentley and Saxe, "Generating Sorted Lists
// of Random Numbers", 1980).
class ArrivalPlan {
 public:
  struct Spec {
    Rate rate;  // not unbounded
    Nanoseconds duration{0};
    Arrivals kind = Arrivals::kPoisson;
    std::uint64_t count = 0;
    std::uint64_t together = 1;  // so many at each instant, the last time what is left
    std::uint64_t seed = 0;
  };

  explicit ArrivalPlan(const Spec& spec);

  // The next instant from the start of the phase, within it and never before the one before it;
  // nothing at the end.
  [[nodiscard]] std::optional<Nanoseconds> next();

 private:
  [[nodiscard]] Nanoseconds at_share(double share) const;

  Spec spec_;
  RateCurve curve_;
  Random random_;
  std::uint64_t given_ = 0;
  Nanoseconds last_{0};
  double later_ = 1;  // the share of the phase's connections that is still to come
};

}  // namespace closewait
