#include "loadgen/yaml_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace closewait {
namespace {

std::string expanded(const std::string& text) {
  Problems problems;
  const std::string result = expand_environment(text, {"f", 1, 2}, problems);
  return problems.empty() ? result : problems.to_string();
}

TEST(YamlText, QuotesOnOneShortLine) {
  EXPECT_EQ(in_quotes("a b"), "'a b'");
  EXPECT_EQ(in_quotes("a\nb\x01\xff"),
            "'a?b?"
            "?'");
  EXPECT_EQ(in_quotes("\xe2\x82\xac"), "'\xe2\x82\xac'");
  EXPECT_EQ(in_quotes(std::string(100, 'a')), "'" + std::string(59, 'a') + "...'");
}

TEST(YamlText, FindsWhatIsNoText) {
  EXPECT_FALSE(first_bad_byte("a\tb\r\n\xc3\xa4\xf0\x9f\x98\x80"));
  EXPECT_EQ(first_bad_byte("ab\x7f"), 2U);
  EXPECT_EQ(first_bad_byte("a\x1b"), 1U);
  EXPECT_EQ(first_bad_byte("a\xc0\x80"), 1U);         // overlong
  EXPECT_EQ(first_bad_byte("\xe0\x80\x80"), 0U);      // overlong
  EXPECT_EQ(first_bad_byte("\xed\xa0\x80"), 0U);      // a surrogate
  EXPECT_EQ(first_bad_byte("\xf4\x90\x80\x80"), 0U);  // beyond Unicode
  EXPECT_EQ(first_bad_byte("a\xe2\x82"), 1U);         // cut
}

TEST(YamlText, TakesVariablesOfTheEnvironment) {
  ::setenv("CLOSEWAIT_TEXT_TEST", "7000", 1);
  EXPECT_EQ(expanded("127.0.0.1:${CLOSEWAIT_TEXT_TEST}"), "127.0.0.1:7000");
  EXPECT_EQ(expanded("${CLOSEWAIT_TEXT_TEST}${CLOSEWAIT_TEXT_TEST}"), "70007000");
  EXPECT_EQ(expanded("$${CLOSEWAIT_TEXT_TEST} $$ $ $x"), "${CLOSEWAIT_TEXT_TEST} $ $ $x");
  EXPECT_EQ(expanded(""), "");
  ::setenv("CLOSEWAIT_TEXT_TEST", "${HOME}", 1);
  EXPECT_EQ(expanded("${CLOSEWAIT_TEXT_TEST}"), "${HOME}");
  ::unsetenv("CLOSEWAIT_TEXT_TEST");
}

TEST(YamlText, SaysWhichVariableIsMissing) {
  EXPECT_EQ(expanded("a ${CLOSEWAIT_NOT_SET}"),
            "f:1:2: '${CLOSEWAIT_NOT_SET}' is not set; expected an environment variable of that "
            "name, or $$ for a $");
  for (const std::string wrong : {"${}", "${", "${a b}", "${1}"}) {
    EXPECT_EQ(expanded(wrong), "f:1:2: '" + wrong +
                                   "' names no environment variable; expected ${NAME}, or $$ for "
                                   "a $");
  }
}

TEST(YamlText, RefusesVariablesThatAreNoText) {
  ::setenv("CLOSEWAIT_TEXT_TEST", "\xff", 1);
  EXPECT_EQ(expanded("${CLOSEWAIT_TEXT_TEST}"),
            "f:1:2: the value of '${CLOSEWAIT_TEXT_TEST}' is not UTF-8 text; expected text");
  ::unsetenv("CLOSEWAIT_TEXT_TEST");
}

}  // namespace
}  // namespace closewait
