#include "loadgen/rate.h"

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace closewait {

double peak_of(const Rate& rate) {
  double peak = std::max(rate.from, rate.to);
  for (const RateStep& step : rate.steps) peak = std::max(peak, step.rate);
  return peak;
}

Rate scaled(Rate rate, double factor) {
  rate.from *= factor;
  rate.to *= factor;
  for (RateStep& step : rate.steps) step.rate *= factor;
  return rate;
}

std::string rate_yaml(const Rate& rate) {
  if (rate.unbounded) return "max";
  if (rate.steps.empty()) return rate_text(rate);
  std::string list;
  for (const RateStep& step : rate.steps) {
    list += list.empty() ? "[" : ", ";
    list += "{at: " + format_duration(step.at) + ", rate: " + format_rate(step.rate) + "}";
  }
  return list + "]";
}

std::string rate_text(const Rate& rate) {
  if (rate.unbounded) return "as many as the machine makes";
  if (rate.steps.empty()) {
    if (rate.from == rate.to) return format_rate(rate.from);
    return format_rate(rate.from) + ".." + format_rate(rate.to);
  }
  std::string text = format_rate(rate.steps.front().rate);
  for (std::size_t i = 1; i < rate.steps.size(); ++i) {
    text += ", " + format_rate(rate.steps[i].rate) + " from " + format_duration(rate.steps[i].at);
  }
  return text;
}

RateCurve::RateCurve(const Rate& rate, Nanoseconds duration) : duration_(duration) {
  if (rate.steps.empty()) {
    add({.begin = 0, .length = to_seconds(duration), .from = rate.from, .to = rate.to});
  }
  for (std::size_t i = 0; i < rate.steps.size(); ++i) {
    const RateStep& step = rate.steps[i];
    const bool last = i + 1 == rate.steps.size();
    const Nanoseconds end = last ? duration : rate.steps[i + 1].at;
    add({.begin = to_seconds(step.at),
         .length = to_seconds(end - step.at),
         .from = step.rate,
         .to = step.rate});
  }
}

// A piece without connections would have no inverse, and nobody asks for an instant in it.
void RateCurve::add(Piece piece) {
  const double connections = (piece.from + piece.to) / 2 * piece.length;
  if (connections <= 0) return;
  piece.before = connections_;
  connections_ += connections;
  pieces_.push_back(piece);
}

Nanoseconds RateCurve::instant_of(double connections) const {
  if (pieces_.empty()) return Nanoseconds(0);
  auto after = std::ranges::upper_bound(pieces_, connections, {}, &Piece::before);
  if (after == pieces_.begin()) ++after;  // less than nothing: rounding of the caller's
  const Piece& piece = *std::prev(after);
  const double area = std::max(0.0, connections - piece.before);
  const double slope = (piece.to - piece.from) / piece.length;
  const double root = std::sqrt(std::max(0.0, piece.from * piece.from + 2 * slope * area));
  const double within = piece.from + root > 0 ? 2 * area / (piece.from + root) : 0;
  const double at = piece.begin + std::min(within, piece.length);
  return std::clamp(from_seconds(at), Nanoseconds(0), duration_ - Nanoseconds(1));
}

}  // namespace closewait
