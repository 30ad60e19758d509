#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace closewait {

// From this instant of a phase on: so many connections per second.
struct RateStep {
  Nanoseconds at{0};
  double rate = 0;

  friend bool operator==(const RateStep&, const RateStep&) = default;
};

// Connections per second over a phase: a straight line from its start to its end, or steps (a
// spike is three of them). `unbounded` is `rate: max`, as many as the machine makes, which is no
// plan: the next one starts when one ends.
struct Rate {
  double from = 0;
  double to = 0;
  bool unbounded = false;
  std::vector<RateStep> steps;  // instead of the line: the first at 0, ascending, within the phase
};

[[nodiscard]] double peak_of(const Rate& rate);
[[nodiscard]] Rate scaled(Rate rate, double factor);

// As a scenario has it: "500/s..4000/s", "[{at: 0s, rate: 100/s}, {at: 5s, rate: 1000/s}]", "max".
[[nodiscard]] std::string rate_yaml(const Rate& rate);

// "500/s..4000/s", "100/s, 1000/s from 5s", "as many as the machine makes": for people.
[[nodiscard]] std::string rate_text(const Rate& rate);

// A rate over a phase of some length, cut into straight pieces: how many connections it comes to,
// and by when so many of them have begun. The rate must not be unbounded. Pure.
class RateCurve {
 public:
  RateCurve(const Rate& rate, Nanoseconds duration);

  // The integral over the phase. How many arrive is this, rounded once.
  [[nodiscard]] double connections() const { return connections_; }
  // The inverse of the integral: never falls as `connections` grows, always within the phase (from
  // 0 on, before its end).
  [[nodiscard]] Nanoseconds instant_of(double connections) const;

 private:
  struct Piece {
    double begin = 0;  // in seconds
    double length = 0;
    double from = 0;
    double to = 0;
    double before = 0;  // connections of the pieces before it
  };
  void add(Piece piece);

  Nanoseconds duration_;
  std::vector<Piece> pieces_;  // those with connections in them
  double connections_ = 0;
};

}  // namespace closewait
