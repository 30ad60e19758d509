#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "base/clock.h"

namespace closewait {

// Durations from 1 us to 1000 s in decimal log-linear buckets, recorded without allocation.
//
// Each decade has steps of 2 % of its start up to twice it, of 2.5 % up to five times and of
// 10 % up to ten times it, so the middle of a bucket is within 1 % of everything in it, and
// 1, 2, 2.5, 5 and 7.5 times a power of ten are edges: the bounds that Prometheus' `le` uses.
// A bucket is open below and closed above, (low, high], as `le` counts. Bucket 0 is [0, 1 us];
// the last one takes all above 1000 s. Not synchronised: one writer.
class Histogram {
 public:
  static constexpr std::size_t kDecades = 9;
  static constexpr std::size_t kBucketsPerDecade = 220;
  static constexpr std::size_t kBuckets = kDecades * kBucketsPerDecade + 2;

  void record(Nanoseconds value, std::uint64_t times = 1) noexcept;
  void merge(const Histogram& other) noexcept;
  void clear() noexcept { *this = Histogram{}; }

  // Merges what was read from a record: a bucket's count, and the sum and maximum beside it.
  void add_bucket(std::size_t bucket, std::uint64_t times) noexcept;
  void add_sum(Nanoseconds sum, Nanoseconds max) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Nanoseconds sum() const noexcept { return sum_; }
  [[nodiscard]] Nanoseconds max() const noexcept { return max_; }
  [[nodiscard]] Nanoseconds mean() const noexcept;

  // The value below which the share q of all lies (0 <= q <= 1): the middle of its bucket, never
  // more than max(), and exactly max() for q = 1. Zero when nothing was recorded.
  [[nodiscard]] Nanoseconds quantile(double q) const noexcept;

  // How many are at most `bound`; exact when `bound` is an edge, else to the edge below it.
  [[nodiscard]] std::uint64_t count_at_most(Nanoseconds bound) const noexcept;

  [[nodiscard]] std::span<const std::uint64_t, kBuckets> buckets() const noexcept {
    return buckets_;
  }

  [[nodiscard]] static std::size_t bucket_of(Nanoseconds value) noexcept;
  // The closed upper edge; Nanoseconds::max() for the last bucket.
  [[nodiscard]] static Nanoseconds upper_edge(std::size_t bucket) noexcept;

  friend bool operator==(const Histogram& a, const Histogram& b) noexcept = default;

 private:
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  Nanoseconds sum_{0};
  Nanoseconds max_{0};
};

}  // namespace closewait
