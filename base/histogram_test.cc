#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "base/random.h"

namespace closewait {
namespace {

constexpr Nanoseconds kFirst{1'000};
constexpr Nanoseconds kLast{1'000'000'000'000};

// 1, 2, 2.5, 5 and 7.5 times every power of ten from 1 us to 1000 s.
std::vector<Nanoseconds> le_bounds() {
  std::vector<Nanoseconds> bounds;
  for (std::int64_t decade = kFirst.count(); decade < kLast.count(); decade *= 10) {
    for (const std::int64_t tenths : {10, 20, 25, 50, 75}) {
      bounds.emplace_back(decade / 10 * tenths);
    }
  }
  bounds.push_back(kLast);
  return bounds;
}

// Above 1 us (which is still in the bucket of all below it) and up to 1000 s, every decade as
// likely as another.
Nanoseconds random_duration(Random& random) {
  const double exponent = 3 + 9 * random.unit();
  return std::max(kFirst + Nanoseconds(1), Nanoseconds(std::llround(std::pow(10.0, exponent))));
}

void expect_same(const Histogram& a, const Histogram& b) {
  EXPECT_EQ(a.count(), b.count());
  EXPECT_EQ(a.sum(), b.sum());
  EXPECT_EQ(a.max(), b.max());
  EXPECT_TRUE(std::ranges::equal(a.buckets(), b.buckets()));
}

TEST(Histogram, CountsExactlyAtTheBoundsThatPrometheusUses) {
  for (const Nanoseconds bound : le_bounds()) {
    Histogram histogram;
    histogram.record(bound);
    EXPECT_EQ(histogram.count_at_most(bound), 1U) << bound.count();
    EXPECT_EQ(histogram.count_at_most(bound - Nanoseconds(1)), 0U) << bound.count();
    histogram.clear();
    histogram.record(bound + Nanoseconds(1));
    EXPECT_EQ(histogram.count_at_most(bound), 0U) << bound.count();
  }
}

TEST(Histogram, HasBucketsWithoutGapsOrOverlaps) {
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    const Nanoseconds edge = Histogram::upper_edge(i);
    ASSERT_EQ(Histogram::bucket_of(edge), i);
    ASSERT_EQ(Histogram::bucket_of(edge + Nanoseconds(1)), i + 1);
    ASSERT_LT(edge, Histogram::upper_edge(i + 1));
  }
  EXPECT_EQ(Histogram::upper_edge(0), kFirst);
  EXPECT_EQ(Histogram::upper_edge(Histogram::kBuckets - 2), kLast);
}

TEST(Histogram, IsWithinOnePercentOfOneValue) {
  Random random(1);
  for (int i = 0; i < 50'000; ++i) {
    const Nanoseconds value = random_duration(random);
    Histogram histogram;
    histogram.record(value);
    histogram.record(kLast);  // so that the median is not the maximum, which is exact
    const auto error = std::abs(to_seconds(histogram.quantile(0.5)) - to_seconds(value));
    ASSERT_LE(error, 0.01 * to_seconds(value)) << value.count();
  }
}

TEST(Histogram, HasQuantilesWithinOnePercentOfTheSortedValues) {
  Random random(2);
  Histogram histogram;
  std::vector<Nanoseconds> values(50'000);
  for (Nanoseconds& value : values) {
    value = random_duration(random);
    histogram.record(value);
  }
  std::ranges::sort(values);
  for (const double q : {0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * 50'000)) - 1;
    const double exact = to_seconds(values[rank]);
    EXPECT_NEAR(to_seconds(histogram.quantile(q)), exact, 0.01 * exact) << q;
  }
  EXPECT_EQ(histogram.quantile(1), values.back());
}

TEST(Histogram, MergedIsTheSameAsRecordedInOne) {
  Random random(3);
  Histogram all;
  std::array<Histogram, 3> parts;
  for (int i = 0; i < 10'000; ++i) {
    const Nanoseconds value = random_duration(random);
    all.record(value);
    parts[random.below(parts.size())].record(value);
  }
  Histogram merged;
  for (const Histogram& part : parts) merged.merge(part);
  merged.merge(Histogram{});
  expect_same(merged, all);
}

TEST(Histogram, IsMadeAgainFromItsBucketsSumAndMaximum) {
  Random random(4);
  Histogram original;
  for (int i = 0; i < 1'000; ++i) original.record(random_duration(random), random.below(5));
  Histogram copy;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    copy.add_bucket(i, original.buckets()[i]);
  }
  copy.add_sum(original.sum(), original.max());
  expect_same(copy, original);
}

TEST(Histogram, OwnsNothingThatCouldBeAllocated) {
  // Trivially copied and destroyed: there is no pointer behind which record() could allocate.
  static_assert(std::is_trivially_copyable_v<Histogram>);
  static_assert(std::is_trivially_destructible_v<Histogram>);
  static_assert(sizeof(Histogram) == (Histogram::kBuckets + 3) * sizeof(std::uint64_t));
}

TEST(Histogram, TakesWhatIsBelowAndAboveItsRange) {
  Histogram histogram;
  histogram.record(Nanoseconds(-5));
  histogram.record(Nanoseconds(0));
  histogram.record(Nanoseconds(999));
  EXPECT_EQ(histogram.count_at_most(kFirst), 3U);
  EXPECT_EQ(histogram.buckets()[0], 3U);
  EXPECT_EQ(histogram.sum(), Nanoseconds(999));

  const Nanoseconds huge = kLast * 100;
  histogram.record(huge);
  EXPECT_EQ(histogram.count_at_most(kLast), 3U);
  EXPECT_EQ(histogram.buckets().back(), 1U);
  EXPECT_EQ(histogram.max(), huge);
  EXPECT_EQ(histogram.quantile(1), huge);
  EXPECT_EQ(histogram.quantile(0.99), huge);
}

TEST(Histogram, KeepsASumThatIsTooLargeAtItsLimit) {
  Histogram histogram;
  histogram.add_sum(Nanoseconds::max(), Nanoseconds(1));
  histogram.add_sum(Nanoseconds::max(), Nanoseconds(1));
  EXPECT_EQ(histogram.sum(), Nanoseconds::max());
}

TEST(Histogram, NeverSaysMoreThanItsMaximum) {
  Histogram histogram;
  histogram.record(Nanoseconds(1'001), 10);
  EXPECT_EQ(histogram.quantile(0.5), Nanoseconds(1'001));
  EXPECT_EQ(histogram.mean(), Nanoseconds(1'001));
}

TEST(Histogram, IsZeroWhenEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), Nanoseconds(0));
  EXPECT_EQ(histogram.mean(), Nanoseconds(0));
  EXPECT_EQ(histogram.count_at_most(kLast), 0U);
}

}  // namespace
}  // namespace closewait
