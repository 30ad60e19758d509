#include "record/lines.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "record/journal.h"
#include "record/random_lines.h"

namespace closewait {
namespace {

using testing::RandomLines;

TEST(Lines, ComeBackExactlyAsTheyWere) {
  RandomLines lines(1);
  for (int i = 0; i < 1'200; ++i) {
    const Line line = lines.next();
    const std::string text = to_json_text(line);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto back = parse_line(text);
    ASSERT_TRUE(back) << text;
    ASSERT_TRUE(*back == line) << text;
  }
}

TEST(Lines, LeaveOutWhatIsZero) {
  SecondLine second{.t = 1, .seconds = 1, .phase = "storm", .tally = Tally(2)};
  second.tally.clients[1].counts.opened = 3;
  second.tally.clients[1].connect.record(Nanoseconds(1'000), 2);
  EXPECT_EQ(to_json_text(second),
            R"({"type":"second","t":1.0,"seconds":1.0,"phase":"storm","kind":"storm",)"
            R"("clients":[{},{"opened":3,"connect":{"buckets":[[0,2]],"sum":2000,"max":1000}}]})");
}

TEST(Lines, KeepASampleThatIsAllZero) {
  const auto back = parse_line(to_json_text(SecondLine{.sample = Sample{}}));
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::get<SecondLine>(*back).sample.has_value());
}

TEST(Lines, AreUtf8WhateverTheTargetIsCalled) {
  HeaderLine header;
  header.target_command = "server \xff\xfe";
  const auto back = parse_line(to_json_text(header));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<HeaderLine>(*back).target_command, "server \xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Lines, SaySoWhenTheyCannotBeRead) {
  using boost::system::errc::illegal_byte_sequence;
  using boost::system::errc::not_supported;
  EXPECT_EQ(parse_line("").error(), illegal_byte_sequence);
  EXPECT_EQ(parse_line("[]").error(), illegal_byte_sequence);
  EXPECT_EQ(parse_line("{}").error(), illegal_byte_sequence);
  EXPECT_EQ(parse_line(R"({"type":1})").error(), illegal_byte_sequence);
  EXPECT_EQ(parse_line(R"({"type":"end","verdict":"pass"} x)").error(), illegal_byte_sequence);
  EXPECT_EQ(parse_line(R"({"type":"comment"})").error(), not_supported);
  EXPECT_EQ(parse_line(R"({"type":"header","schema":2})").error(), not_supported);
  EXPECT_EQ(parse_line(R"({"type":"header"})").error(), not_supported);
}

TEST(Lines, RefuseNumbersThatDoNotFit) {
  const std::string second = R"({"type":"second","kind":"storm",)";
  ASSERT_TRUE(parse_line(second + R"("open":1})"));
  for (const char* rest :
       {R"("open":-1})", R"("open":1.5})", R"("open":"1"})", R"("open":18446744073709551616})",
        R"("control":1})", R"("t":"1"})", R"("t":1e999})", R"("kind":"sleep"})", R"("sample":3})",
        R"("clients":{}})", R"("clients":[3]})", R"("lag":[]})", R"("lag":{"buckets":[[1982,1]]}})",
        R"("lag":{"buckets":[[1]]}})", R"("lag":{"buckets":[[1,4294967296]]}})",
        R"("lag":{"sum":-1}})"}) {
    EXPECT_FALSE(parse_line(second + rest)) << rest;
  }
}

// Whatever bytes come, the answer is a line that can be written again, or an error.
TEST(Lines, SurviveAnyMutation) {
  RandomLines lines(2);
  Random random(3);
  int accepted = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string text = to_json_text(lines.next());
    for (auto left = 1 + random.below(4); left > 0 && !text.empty(); --left) {
      const auto at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, 1 + random.below(8));
          break;
        case 2:
          text.insert(at, text.substr(random.below(text.size()), random.below(8)));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    const auto line = parse_line(text);
    if (!line) continue;
    ++accepted;
    ASSERT_TRUE(parse_line(to_json_text(*line))) << text;
    closewait::Run run;
    run.add(*line);
    run.add(*line);
  }
  EXPECT_GT(accepted, 100);
}

TEST(Lines, SurviveDeepNestingAndManyClients) {
  EXPECT_FALSE(parse_line(std::string(100'000, '[')));
  std::string clients = R"({"type":"second","kind":"storm","clients":[{})";
  for (int i = 0; i < 5'000; ++i) clients += ",{}";
  EXPECT_FALSE(parse_line(clients + "]}"));
}

}  // namespace
}  // namespace closewait
