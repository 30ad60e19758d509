#include "faults/raw_pattern.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace closewait {
namespace {

std::shared_ptr<const RawPattern> pattern(const std::string& text) {
  const auto compiled = RawPattern::compile(text);
  EXPECT_TRUE(compiled.pattern) << text << ": " << compiled.why;
  return compiled.pattern;
}

TEST(RawPattern, EndsWithTheFirstBytesThatMatch) {
  const auto pong = pattern("^\\+PONG\r\n");
  EXPECT_EQ(pong->shortest_match("+PONG\r\n"), 7U);
  EXPECT_EQ(pong->shortest_match("+PONG\r\nmore"), 7U);
  EXPECT_FALSE(pong->shortest_match("+PONG\r"));
  EXPECT_FALSE(pong->shortest_match(" +PONG\r\n"));  // not in the middle
  EXPECT_EQ(pattern("(a|ab)c")->shortest_match("abcc"), 3U);
  EXPECT_EQ(pattern("[$]|a\\$b")->shortest_match("a$b"), 3U);  // a $ that is only a byte
}

// Where a response ends must not depend on how many of its bytes came at once.
TEST(RawPattern, TakesTheShortestStartAlthoughALongerOneMatches) {
  EXPECT_EQ(pattern("a+")->shortest_match("aaaa"), 1U);
  EXPECT_EQ(pattern("(250-[^\n]*\n)*250 [^\n]*\n")->shortest_match("250-a\n250 b\n250 c\n"), 12U);
}

TEST(RawPattern, SaysWhatIsWrongWithAnExpression) {
  const auto why = [](const std::string& text) { return RawPattern::compile(text).why; };
  EXPECT_EQ(why(""), "it is empty");
  EXPECT_EQ(why(std::string(RawPattern::kLongest + 1, 'a')), "it is longer than 256 bytes");
  EXPECT_EQ(why("[a"), "a bracket is not closed");
  const std::string unpaired = "a parenthesis has no other one, or a *, + or ? nothing before it";
  EXPECT_EQ(why("(a"), unpaired);
  EXPECT_EQ(why("a)"), unpaired);
  EXPECT_EQ(why("*a"), unpaired);
  EXPECT_EQ(why("a{2"), "a brace is not closed");
  EXPECT_EQ(why("[b-a]"), "a range in brackets is none");
  EXPECT_EQ(why("(a)\\1"), "a back-reference is not supported");
  EXPECT_EQ(why("((a{1000}){1000}){1000}"), "it is too large");
  EXPECT_EQ(why("a{1,99999999999999999999}"), "it is too large");
  EXPECT_EQ(why("(a)\\5555555555555555555"), "it is too large");
  EXPECT_EQ(why("a*"), "it matches before anything has come");
  EXPECT_EQ(why("OK\\b"), "\\b looks ahead, which is not supported");
  EXPECT_EQ(why("OK(?=\r\n)"), "(?= and (?! look ahead, which is not supported");
  EXPECT_EQ(why("OK$"), "a $ waits for the end of the connection, and a response ends before it");
}

// By backtracking this would take 2^1000 steps.
TEST(RawPattern, IsNoCatastrophe) {
  const auto hostile = pattern("(a+)+b");
  const Instant start = Clock::now();
  EXPECT_FALSE(hostile->shortest_match(std::string(RawPattern::kMostMatched, 'a')));
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace closewait
