#include "base/pattern.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace closewait {
namespace {

std::vector<std::byte> copy_of(std::uint64_t offset, std::size_t size) {
  std::vector<std::byte> bytes;
  while (bytes.size() < size) {
    const auto part = pattern(offset + bytes.size(), size - bytes.size());
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

TEST(Pattern, FollowsFromTheOffsetAlone) {
  const auto whole = copy_of(0, 3 * kPatternChunk);
  for (const std::size_t offset : {1UL, 4096UL, kPatternPeriod - 1, kPatternPeriod, 100'000UL}) {
    const auto part = pattern(offset, 1000);
    ASSERT_EQ(part.size(), 1000U);
    EXPECT_TRUE(std::ranges::equal(part, std::span(whole).subspan(offset, 1000))) << offset;
  }
}

TEST(Pattern, GivesAtMostAChunk) {
  EXPECT_EQ(pattern(7, 10 * kPatternChunk).size(), kPatternChunk);
  EXPECT_EQ(pattern(kPatternPeriod - 1, kPatternChunk).size(), kPatternChunk);
  EXPECT_TRUE(pattern(0, 0).empty());
}

TEST(Pattern, AgreesWithItselfAcrossThePeriod) {
  const std::uint64_t offset = (std::uint64_t{1} << 40) + 17;
  EXPECT_EQ(first_difference(offset, copy_of(offset, 300'000)), std::nullopt);
  EXPECT_EQ(first_difference(offset, {}), std::nullopt);
}

TEST(Pattern, FindsTheFirstWrongByte) {
  for (const std::size_t wrong : {0UL, 1UL, 65'535UL, 65'536UL, 199'999UL}) {
    auto bytes = copy_of(5, 200'000);
    bytes[wrong] ^= std::byte{1};
    bytes.back() ^= std::byte{2};
    EXPECT_EQ(first_difference(5, bytes), 5 + wrong);
  }
}

TEST(Pattern, NoticesAShiftByAnyPowerOfTwo) {
  const auto bytes = copy_of(0, 64);
  for (std::uint64_t shift = 1; shift <= std::uint64_t{1} << 32; shift *= 2) {
    EXPECT_NE(first_difference(shift, bytes), std::nullopt) << shift;
  }
}

}  // namespace
}  // namespace closewait
