#include "base/suggest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace closewait {
namespace {

constexpr std::array<std::string_view, 4> kKnown{"polite", "rst-after-connect", "half-close",
                                                 "slow-read"};

TEST(Suggest, FindsTheNearestName) {
  EXPECT_EQ(nearest("polit", kKnown), "polite");
  EXPECT_EQ(nearest("ploite", kKnown), "polite");
  EXPECT_EQ(nearest("half_close", kKnown), "half-close");
  EXPECT_EQ(nearest("rst-after-conect", kKnown), "rst-after-connect");
  EXPECT_EQ(nearest("slow-read", kKnown), "slow-read");
}

TEST(Suggest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("banana", kKnown), "");
  EXPECT_EQ(nearest("polite", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'p'), kKnown), "");
}

TEST(Suggest, ASwapIsOneMistake) {
  constexpr std::array<std::string_view, 1> kShort{"fin"};
  EXPECT_EQ(nearest("fni", kShort), "fin");
  EXPECT_EQ(nearest("nif", kShort), "");
}

TEST(Suggest, AsksAQuestionOrNothing) {
  EXPECT_EQ(did_you_mean("polit", kKnown), "; did you mean 'polite'?");
  EXPECT_EQ(did_you_mean("banana", kKnown), "");
}

}  // namespace
}  // namespace closewait
