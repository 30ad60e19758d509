#include "verdict/rate_search.h"

#include <algorithm>
#include <cmath>

namespace closewait {
namespace {

constexpr double kWidth = 1.05;  // of the two rates that are found

// Three digits, which is finer than the width.
double rounded(double rate) {
  const double unit = std::pow(10.0, std::floor(std::log10(rate)) - 2);
  return std::clamp(std::round(rate / unit) * unit, RateSearch::kLowest, RateSearch::kHighest);
}

// The chance that a coin falls on one side at least so often.
double by_chance(std::size_t at_least, std::size_t throws) {
  double ways = 0;
  double some = 1;  // ways for k of them
  for (std::size_t k = 0; k <= throws; ++k) {
    if (k >= at_least) ways += some;
    some = some * static_cast<double>(throws - k) / static_cast<double>(k + 1);
  }
  return ways / std::pow(2.0, static_cast<double>(throws));
}

}  // namespace

double RateSearch::Tried::confidence() const {
  return 1 - by_chance(std::max(held, broke), trials());
}

RateSearch::RateSearch(double first) : first_(rounded(std::max(first, kLowest))) {}

void RateSearch::tell(double rate, bool held) {
  auto at = std::ranges::lower_bound(tried_, rate, {}, &Tried::rate);
  if (at == tried_.end() || at->rate != rate) at = tried_.insert(at, {.rate = rate});
  ++(held ? at->held : at->broke);
}

std::optional<RateSearch::Tried> RateSearch::holds() const {
  std::optional<Tried> highest;
  for (const Tried& each : tried_) {
    if (each.breaks()) break;
    if (each.holds()) highest = each;
  }
  return highest;
}

std::optional<RateSearch::Tried> RateSearch::breaks() const {
  const auto lowest = std::ranges::find_if(tried_, &Tried::breaks);
  return lowest == tried_.end() ? std::nullopt : std::optional(*lowest);
}

std::optional<double> RateSearch::between(double holds, double breaks) const {
  if (breaks <= holds * kWidth) return {};
  const double middle = rounded(std::sqrt(holds * breaks));
  return middle > holds && middle < breaks ? std::optional(middle) : std::nullopt;
}

std::optional<double> RateSearch::next() const {
  std::size_t trials = 0;
  for (const Tried& each : tried_) trials += each.trials();
  if (trials == 0) return first_;
  if (trials >= kMostTrials) return {};
  const auto tied =
      std::ranges::find_if(tried_, [](const Tried& each) { return each.held == each.broke; });
  if (tied != tried_.end()) return tied->rate;
  const auto holding = holds();
  const auto breaking = breaks();
  if (holding && breaking) {
    if (const auto middle = between(holding->rate, breaking->rate)) return middle;
  } else if (holding && holding->rate < kHighest) {
    return rounded(2 * holding->rate);
  } else if (breaking && breaking->rate > kLowest) {
    return rounded(breaking->rate / 2);
  }
  for (const auto& each : {holding, breaking}) {
    if (each && each->trials() < kTrialsEach) return each->rate;
  }
  return {};
}

bool RateSearch::decided() const {
  return !tried_.empty() && !next() && holds() && breaks() &&
         !between(holds()->rate, breaks()->rate);
}

}  // namespace closewait
