#include "loadgen/scenario_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace closewait {
namespace {

using testing::ElementsAre;

TEST(ScenarioValues, SplitsWordsAsAShellDoes) {
  EXPECT_THAT(*split_words("a b  c\n d"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(*split_words("a 'b c' \"d e\"f g\\ h"), ElementsAre("a", "b c", "d ef", "g h"));
  EXPECT_THAT(*split_words("a '' \"\""), ElementsAre("a", "", ""));
  EXPECT_THAT(*split_words(R"(a "b\"c\\d\e" 'f\g' \"h)"),
              ElementsAre("a", R"(b"c\d\e)", R"(f\g)", "\"h"));
  EXPECT_THAT(*split_words("a $HOME * ; b"), ElementsAre("a", "$HOME", "*", ";", "b"));
}

TEST(ScenarioValues, RefusesCommandsThatAreNotWhole) {
  for (const std::string text : {"", "  ", "'a", "\"a", "a \\", "a \"b\\\"", "'' a"}) {
    EXPECT_FALSE(split_words(text)) << text;
  }
}

TEST(ScenarioValues, ReadsRates) {
  EXPECT_EQ(parse_rate_plan("500/s")->from, 500);
  EXPECT_EQ(parse_rate_plan("500/s")->to, 500);
  EXPECT_EQ(parse_rate_plan("0/s..4000/s")->to, 4000);
  EXPECT_EQ(parse_rate_plan("600/m")->from, 10);
  EXPECT_TRUE(parse_rate_plan("max")->unbounded);
  EXPECT_FALSE(parse_rate_plan("500/s")->unbounded);
  EXPECT_FALSE(parse_rate_plan("0/s"));
}

TEST(ScenarioValues, ReadsSources) {
  const auto range = parse_sources("127.0.0.254-127.0.1.1");
  ASSERT_TRUE(range);
  ASSERT_EQ(range->size(), 4U);
  EXPECT_EQ(range->front().to_string(), "127.0.0.254:0");
  EXPECT_EQ(range->back().to_string(), "127.0.1.1:0");
  EXPECT_EQ(parse_sources("::1")->front().ip(), "::1");
  EXPECT_EQ(parse_sources("127.0.0.5-127.0.0.5")->size(), 1U);
  EXPECT_EQ(parse_sources("127.0.0.0-127.0.0.255")->size(), 256U);
  EXPECT_EQ(parse_sources("255.255.255.254-255.255.255.255")->size(), 2U);
  for (const std::string text : {"", "-", "127.0.0.1-", "127.0.0.0-127.0.1.0", "::1-::2",
                                 "0.0.0.0-255.255.255.255", "127.0.0.1:5"}) {
    EXPECT_FALSE(parse_sources(text)) << text;
  }
}

TEST(ScenarioValues, ReadsDates) {
  EXPECT_TRUE(parse_date("2028-02-29"));
  for (const std::string text : {"2027-02-29", "2027-13-01", "2027-1-01", "20270101", "27-01-01",
                                 "2027-01-01 ", "2027/01/01", "+027-01-01"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(ScenarioValues, ReadsNumbersWithinTheirLimits) {
  EXPECT_EQ(*parse_seed("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_FALSE(parse_seed("18446744073709551616"));
  EXPECT_EQ(*parse_weight("0.5"), 0.5);
  for (const std::string text : {"", "0", "-1", "+1", "1e3", "inf", "nan", "1 ", ".", "0x1"}) {
    EXPECT_FALSE(parse_weight(text)) << text;
    EXPECT_FALSE(parse_count(text)) << text;
  }
  EXPECT_EQ(*parse_time("1m30s"), std::chrono::seconds(90));
  EXPECT_FALSE(parse_time("0s"));
  EXPECT_EQ(*parse_time_or_zero("0s"), Nanoseconds(0));
}

TEST(ScenarioValues, ReadsPathsOfUrls) {
  EXPECT_EQ(*parse_url_path("/a?b=c"), "/a?b=c");
  for (const std::string text : {"", "a", "/a b", "/a\r\nHost: x"}) {
    EXPECT_FALSE(parse_url_path(text)) << text;
  }
}

}  // namespace
}  // namespace closewait
