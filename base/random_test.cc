#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

namespace closewait {
namespace {

static_assert(std::uniform_random_bit_generator<Random>);

TEST(Random, IsSplitMix64) {
  // The first numbers of the reference implementation (splitmix64.c by Vigna) for seed 1234567.
  Random random(1234567);
  for (const std::uint64_t expected :
       {6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U,
        16408922859458223821U}) {
    EXPECT_EQ(random(), expected);
  }
}

TEST(Random, UnitIsAboveZeroAndAtMostOne) {
  Random random(1);
  double sum = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double unit = random.unit();
    ASSERT_GT(unit, 0);
    ASSERT_LE(unit, 1);
    sum += unit;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.01);
}

TEST(Random, BelowReachesEveryNumberAboutEquallyOften) {
  Random random(2);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70'000; ++i) {
    const std::uint64_t number = random.below(seen.size());
    ASSERT_LT(number, seen.size());
    ++seen[number];
  }
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Hash, DependsOnTheSeedAndTheNumberAlone) {
  EXPECT_EQ(hash(42, 7), hash(42, 7));
  EXPECT_NE(hash(42, 7), hash(42, 8));
  EXPECT_NE(hash(42, 7), hash(43, 7));
  // Neighbours in both must not meet: a sum of the two would.
  std::set<std::uint64_t> all;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (std::uint64_t number = 0; number < 100; ++number) all.insert(hash(seed, number));
  }
  EXPECT_EQ(all.size(), 10'000U);
}

TEST(Hash, SpreadsOverAllBits) {
  std::array<int, 64> ones{};
  constexpr int kDraws = 10'000;
  for (std::uint64_t number = 0; number < kDraws; ++number) {
    const std::uint64_t value = hash(42, number);
    for (std::size_t bit = 0; bit < 64; ++bit) ones[bit] += (value >> bit & 1) != 0 ? 1 : 0;
  }
  for (const int count : ones) EXPECT_NEAR(count, kDraws / 2, 300);
}

}  // namespace
}  // namespace closewait
