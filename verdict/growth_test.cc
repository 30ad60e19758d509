#include "verdict/growth.h"

#include <gtest/gtest.h>

#include <functional>

namespace closewait {
namespace {

// A thousand connections a cycle.
std::vector<Level> levels(std::size_t count, const std::function<double(double)>& amount) {
  std::vector<Level> rests;
  for (std::size_t i = 0; i < count; ++i) {
    const double served = 1000.0 * static_cast<double>(i);
    rests.push_back({served, amount(served)});
  }
  return rests;
}

TEST(Growth, IsAsMuchAConnectionAsItIs) {
  const auto growth = steady_growth(levels(8, [](double served) { return 5e6 + 64 * served; }));
  ASSERT_TRUE(growth);
  EXPECT_NEAR(growth->per_connection, 64, 0.001);
  EXPECT_NEAR(growth->total, 64.0 * 5000, 0.001);
}

TEST(Growth, NeedsTheRestsOfFiveCycles) {
  const auto leak = [](double served) { return 64 * served; };
  EXPECT_FALSE(steady_growth({}));
  EXPECT_FALSE(steady_growth(levels(5, leak)));
  EXPECT_TRUE(steady_growth(levels(6, leak)));
}

TEST(Growth, IsNoPlateau) {
  EXPECT_FALSE(steady_growth(levels(20, [](double) { return 1e6; })));
  const auto fills = [](double served) { return 1e6 * (1 - 1000 / (1000 + served)); };
  EXPECT_FALSE(steady_growth(levels(30, fills)));
  const auto once = [](double served) { return served < 10000 ? 100 * served : 1e6; };
  EXPECT_FALSE(steady_growth(levels(30, once)));
}

TEST(Growth, IsNoUpAndDown) {
  const auto saw = [](double served) {
    return 1e6 + 1e5 * static_cast<double>(static_cast<int>(served / 1000) % 3);
  };
  EXPECT_FALSE(steady_growth(levels(30, saw)));
  EXPECT_FALSE(steady_growth(levels(30, [](double served) { return 1e9 - served; })));
}

TEST(Growth, IsSeenBesideARestThatIsOff) {
  auto rests = levels(12, [](double served) { return 80 * served; });
  rests[7].amount += 1e6;
  const auto growth = steady_growth(rests);
  ASSERT_TRUE(growth);
  EXPECT_NEAR(growth->per_connection, 80, 8);
}

TEST(Growth, OfARunOfDaysTakesNoLonger) {
  const auto growth = steady_growth(levels(20'000, [](double served) { return 48 * served; }));
  ASSERT_TRUE(growth);
  EXPECT_NEAR(growth->per_connection, 48, 0.001);
}

}  // namespace
}  // namespace closewait
