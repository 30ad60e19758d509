#include "verdict/rate_search.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/random.h"

namespace closewait {
namespace {

// Searches where a rate holds with that chance; how many trials it took.
std::size_t search(RateSearch& search, const std::function<double(double)>& chance,
                   std::uint64_t seed = 1) {
  Random random(seed);
  std::size_t trials = 0;
  for (; const auto rate = search.next(); ++trials) {
    if (trials > 1000) break;
    search.tell(*rate, random.unit() < chance(*rate));
  }
  return trials;
}

std::function<double(double)> up_to(double limit) {
  return [limit](double rate) { return rate <= limit ? 1.0 : 0.0; };
}

TEST(RateSearch, FindsTheLimitFromAnyStart) {
  for (const double limit : {3.0, 97.0, 12'345.0, 800'000.0}) {
    for (const double first : {1.0, 1'000.0, 50'000.0}) {
      RateSearch each(first);
      EXPECT_LE(search(each, up_to(limit)), 45U) << limit << " from " << first;
      ASSERT_TRUE(each.holds() && each.breaks());
      EXPECT_LE(each.holds()->rate, limit);
      EXPECT_GT(each.breaks()->rate, limit);
      EXPECT_LE(each.breaks()->rate, each.holds()->rate * 1.05 + 1) << limit;
      EXPECT_TRUE(each.decided());
      EXPECT_EQ(each.holds()->held, RateSearch::kTrialsEach);
      EXPECT_EQ(each.breaks()->broke, RateSearch::kTrialsEach);
    }
  }
}

// Near the limit it holds now and then; a trial in ten is off anywhere.
TEST(RateSearch, FindsItAmongTrialsThatAreOff) {
  int close = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RateSearch each(1'000);
    search(
        each, [](double rate) { return rate < 9'500    ? 0.9
                                       : rate > 10'500 ? 0.1
                                                       : 0.5; }, seed);
    if (each.holds() && each.holds()->rate > 8'500 && each.holds()->rate < 11'500) ++close;
  }
  EXPECT_GE(close, 90);
}

TEST(RateSearch, SaysSoWhereNothingHoldsOrNothingBreaks) {
  RateSearch nothing(500);
  search(nothing, [](double) { return 0.0; });
  EXPECT_FALSE(nothing.holds());
  ASSERT_TRUE(nothing.breaks());
  EXPECT_EQ(nothing.breaks()->rate, RateSearch::kLowest);
  EXPECT_FALSE(nothing.decided());
  RateSearch all(500);
  search(all, [](double) { return 1.0; });
  ASSERT_TRUE(all.holds());
  EXPECT_EQ(all.holds()->rate, RateSearch::kHighest);
  EXPECT_FALSE(all.breaks());
}

TEST(RateSearch, EndsWhateverComesOut) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RateSearch each(1'000);
    EXPECT_LE(search(
                  each, [](double) { return 0.5; }, seed),
              RateSearch::kMostTrials);
  }
}

TEST(RateSearch, ConfidenceIsThatOfACoin) {
  EXPECT_DOUBLE_EQ((RateSearch::Tried{.held = 5}).confidence(), 1 - 1.0 / 32);
  EXPECT_DOUBLE_EQ((RateSearch::Tried{.held = 4, .broke = 1}).confidence(), 1 - 6.0 / 32);
  EXPECT_DOUBLE_EQ((RateSearch::Tried{.held = 0, .broke = 3}).confidence(), 1 - 1.0 / 8);
}

}  // namespace
}  // namespace closewait
