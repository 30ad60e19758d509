#include "base/histogram.h"

#include <algorithm>
#include <cmath>

namespace closewait {
namespace {

constexpr std::int64_t kLowest = 1'000;  // ns: the start of the first decade

// A stretch of a decade with one step; all three in units of the decade's start over 1000.
struct Stretch {
  std::int64_t from;
  std::int64_t step;
  std::size_t first_bucket;
};

constexpr std::array kStretches{Stretch{1000, 20, 0}, Stretch{2000, 25, 50},
                                Stretch{5000, 100, 170}};

constexpr std::array<std::int64_t, Histogram::kDecades + 1> decade_starts() {
  std::array<std::int64_t, Histogram::kDecades + 1> starts{};
  std::int64_t start = kLowest;
  for (auto& each : starts) {
    each = start;
    start *= 10;
  }
  return starts;
}

constexpr auto kDecadeStarts = decade_starts();

}  // namespace

std::size_t Histogram::bucket_of(Nanoseconds value) noexcept {
  if (value.count() <= kLowest) return 0;
  // Buckets are closed above; one less turns them into the half-open ones that division gives.
  const std::int64_t below = value.count() - 1;
  if (below >= kDecadeStarts.back()) return kBuckets - 1;
  std::size_t decade = 0;
  while (below >= kDecadeStarts[decade + 1]) ++decade;
  const std::int64_t unit = kDecadeStarts[decade] / 1000;
  const std::int64_t position = below / unit;
  const Stretch& stretch = position >= kStretches[2].from   ? kStretches[2]
                           : position >= kStretches[1].from ? kStretches[1]
                                                            : kStretches[0];
  return 1 + decade * kBucketsPerDecade + stretch.first_bucket +
         static_cast<std::size_t>((position - stretch.from) / stretch.step);
}

Nanoseconds Histogram::upper_edge(std::size_t bucket) noexcept {
  if (bucket == 0) return Nanoseconds(kLowest);
  if (bucket >= kBuckets - 1) return Nanoseconds::max();
  const std::size_t decade = (bucket - 1) / kBucketsPerDecade;
  const std::size_t index = (bucket - 1) % kBucketsPerDecade;
  const Stretch& stretch = index >= kStretches[2].first_bucket   ? kStretches[2]
                           : index >= kStretches[1].first_bucket ? kStretches[1]
                                                                 : kStretches[0];
  const auto steps = static_cast<std::int64_t>(index - stretch.first_bucket) + 1;
  return Nanoseconds((stretch.from + steps * stretch.step) * (kDecadeStarts[decade] / 1000));
}

void Histogram::record(Nanoseconds value, std::uint64_t times) noexcept {
  value = std::max(value, Nanoseconds(0));
  add_bucket(bucket_of(value), times);
  add_sum(value * static_cast<std::int64_t>(times), value);
}

void Histogram::add_bucket(std::size_t bucket, std::uint64_t times) noexcept {
  buckets_[std::min(bucket, kBuckets - 1)] += times;
  count_ += times;
}

void Histogram::add_sum(Nanoseconds sum, Nanoseconds max) noexcept {
  // A sum that no longer fits (292 years) stays at its limit.
  std::int64_t total = 0;
  const bool overflow = __builtin_add_overflow(sum_.count(), sum.count(), &total);
  sum_ = overflow ? Nanoseconds::max() : Nanoseconds(total);
  max_ = std::max(max_, max);
}

void Histogram::merge(const Histogram& other) noexcept {
  if (other.count_ == 0) return;
  std::ranges::transform(buckets_, other.buckets_, buckets_.begin(), std::plus{});
  count_ += other.count_;
  add_sum(other.sum_, other.max_);
}

Nanoseconds Histogram::mean() const noexcept {
  return count_ == 0 ? Nanoseconds(0) : sum_ / static_cast<std::int64_t>(count_);
}

Nanoseconds Histogram::quantile(double q) const noexcept {
  if (count_ == 0) return Nanoseconds(0);
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  if (rank >= count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen < rank) continue;
    if (i == kBuckets - 1) return max_;
    const Nanoseconds low = i == 0 ? Nanoseconds(0) : upper_edge(i - 1);
    return std::min(max_, low + (upper_edge(i) - low) / 2);
  }
  return max_;
}

std::uint64_t Histogram::count_at_most(Nanoseconds bound) const noexcept {
  std::uint64_t counted = 0;
  for (std::size_t i = 0; i < kBuckets && upper_edge(i) <= bound; ++i) counted += buckets_[i];
  return counted;
}

}  // namespace closewait
