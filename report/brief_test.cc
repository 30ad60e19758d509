#include "report/brief.h"

#include <gtest/gtest.h>

#include <limits>

namespace closewait {
namespace {

TEST(Brief, GroupsDigitsByThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(2'410), "2,410");
  EXPECT_EQ(grouped(100'000), "100,000");
  EXPECT_EQ(grouped(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Brief, PrintsANumberInTheUnitOfItsPath) {
  EXPECT_EQ(brief_number("latency.polite.response.p99", 0.0031), "3.1ms");
  EXPECT_EQ(brief_number("clients.polite.failed_ratio", 0.0002), "0.02%");
  EXPECT_EQ(brief_number("clients.polite.opened", 412), "412");
}

TEST(Brief, PrintsAnyNumber) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(brief_number("lag.p99", kInfinity), "-");
  EXPECT_EQ(brief_seconds(-kInfinity), "-");
  EXPECT_EQ(brief_seconds(-1), "0us");
  EXPECT_EQ(brief_seconds(1e300), brief_seconds(9e9));
}

TEST(Brief, WhatAConnectionLeavesHasTheDigitsThatTell) {
  EXPECT_EQ(brief_extent({.kind = FindingKind::kFdLeak, .per_connection = 1}), "1.00 descriptors");
  EXPECT_EQ(brief_extent({.kind = FindingKind::kFdLeak, .per_connection = 0.00163}),
            "0.00163 descriptors");
  EXPECT_EQ(brief_extent({.kind = FindingKind::kMemoryGrowth, .per_connection = 81.4}), "81 bytes");
  EXPECT_EQ(brief_extent({.kind = FindingKind::kThreadLeak, .per_connection = 2}), "2.00 threads");
}

}  // namespace
}  // namespace closewait
