#include "base/units.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace closewait {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Units, ReadsSizes) {
  EXPECT_EQ(*parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(*parse_bytes("8MiB"), 8U << 20);
  EXPECT_EQ(*parse_bytes("1.5GiB"), 3U << 29);
  EXPECT_EQ(*parse_bytes("2kB"), 2'000U);
  EXPECT_EQ(*parse_bytes("1MB"), 1'000'000U);
  EXPECT_EQ(*parse_bytes("1500"), 1'500U);
  EXPECT_EQ(*parse_bytes("1500B"), 1'500U);
  EXPECT_EQ(*parse_bytes("0"), 0U);
}

TEST(Units, ReadsDurations) {
  EXPECT_EQ(*parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(*parse_duration("10us"), Nanoseconds(10'000));
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1'500));
  EXPECT_EQ(*parse_duration("1m30s"), seconds(90));
  EXPECT_EQ(*parse_duration("2d"), hours(48));
  EXPECT_EQ(*parse_duration("8h"), hours(8));
  EXPECT_EQ(*parse_duration("0s"), seconds(0));
}

TEST(Units, ReadsRatesAndShares) {
  EXPECT_DOUBLE_EQ(*parse_rate("2000/s"), 2'000);
  EXPECT_DOUBLE_EQ(*parse_rate("30/m"), 0.5);
  EXPECT_DOUBLE_EQ(*parse_rate("3600/h"), 1);
  EXPECT_DOUBLE_EQ(*parse_byte_rate("512KiB/s"), 524'288);
  EXPECT_DOUBLE_EQ(*parse_ratio("0.1%"), 0.001);
  EXPECT_DOUBLE_EQ(*parse_ratio("0.001"), 0.001);
}

TEST(Units, RefusesWhatItDoesNotUnderstandInWhole) {
  for (const char* text : {"", " ", "-1", "+1", "1 KiB", "64KIB", "KiB", "1.5", "1e3", "1..2",
                           "0x10", "nan", "inf", "1KiB ", "99999999999999999999"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error(), boost::system::errc::invalid_argument);
  }
  for (const char* text : {"", "5", "ms", "-5s", "5 s", "5s ", "1s2", "1sec", "99999999999999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  for (const char* text : {"", "2000", "/s", "-1/s", "1/day", "1/s/s"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
  for (const char* text : {"", "512KiB", "512KiB/m", "/s"}) {
    EXPECT_FALSE(parse_byte_rate(text)) << text;
  }
  for (const char* text : {"", "%", "1%%", "-1%", "1 %"}) EXPECT_FALSE(parse_ratio(text)) << text;
  EXPECT_FALSE(parse_byte_rate(std::string(307, '9') + "TiB/s"));  // more than a double holds
}

TEST(Units, ReadsSizesAndDurationsBackExactly) {
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    // 2^53 is what a double, through which they are read, holds exactly.
    const std::uint64_t number = random() >> (11 + random.below(50));
    const std::string bytes = format_bytes(number);
    ASSERT_EQ(*parse_bytes(bytes), number) << bytes;
    const Nanoseconds duration(static_cast<std::int64_t>(number));
    const std::string text = format_duration(duration);
    ASSERT_EQ(*parse_duration(text), duration) << text;
  }
  EXPECT_EQ(format_bytes(65'536), "64KiB");
  EXPECT_EQ(format_duration(seconds(90)), "90s");
  EXPECT_EQ(format_duration(hours(8)), "8h");
  EXPECT_EQ(format_rate(2'000), "2000/s");
  EXPECT_EQ(format_ratio(0.001), "0.1%");
  EXPECT_DOUBLE_EQ(*parse_rate(format_rate(0.25)), 0.25);
  EXPECT_DOUBLE_EQ(*parse_ratio(format_ratio(0.125)), 0.125);
}

TEST(Units, IsBriefForPeople) {
  EXPECT_EQ(brief_duration(Nanoseconds(1'250'000)), "1.25ms");
  EXPECT_EQ(brief_duration(Nanoseconds(220'000)), "220us");
  EXPECT_EQ(brief_duration(milliseconds(1'500)), "1.5s");
  EXPECT_EQ(brief_duration(seconds(125)), "2m05s");
  EXPECT_EQ(brief_duration(seconds(7'260)), "2h01m");
  EXPECT_EQ(brief_bytes(512), "512B");
  EXPECT_EQ(brief_bytes(1536), "1.5KiB");
  EXPECT_EQ(brief_bytes(93.1 * 1024 * 1024), "93.1MiB");
}

}  // namespace
}  // namespace closewait
