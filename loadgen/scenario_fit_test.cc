#include "loadgen/scenario_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loadgen/scenario.h"

namespace closewait {
namespace {

using testing::HasSubstr;

std::string with(const std::string& target, const std::string& clients) {
  return "name: s\ntarget: {address: '127.0.0.1:80', " + target +
         "}\ncycle: [{for: 1s, rate: 5/s, clients: {polite: 1, " + clients + "}}]\n";
}

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_scenario(text, "s.yaml", {}));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ScenarioFit, RefusesWhatTheTargetCannotBePlayed) {
  struct Case {
    const char* target;
    const char* behaviour;
    const char* why;
  };
  for (const Case& wrong :
       {Case{"dialect: http", "tls-silent", "is of TLS"},
        Case{"dialect: echo", "garbage", "to an echo everything is one"},
        Case{"dialect: echo", "slow-body", "the body of a request of HTTP"},
        Case{"dialect: http", "server-first", "waits for a target that speaks first"},
        Case{"dialect: raw, protocol: {request: x, response: {bytes: 1}}", "split",
             "is one byte"}}) {
    EXPECT_THAT(error_of(with(wrong.target, std::string(wrong.behaviour) + ": 1")),
                testing::AllOf(testing::StartsWith("s.yaml:3:51: '" + std::string(wrong.behaviour)),
                               HasSubstr(wrong.why)));
  }
}

TEST(ScenarioFit, TakesWhatItCan) {
  EXPECT_EQ(error_of(with("dialect: http, tls: true", "tls-silent: 1, tls-abort: 1")), "");
  EXPECT_EQ(error_of(with("dialect: raw, protocol: {hello: {until: \"\\r\\n\"}, request: xy, "
                          "response: {bytes: 1}}",
                          "server-first: 1, split: 1, garbage: 1")),
            "");
}

TEST(ScenarioFit, LeavesOutWhatIsOptional) {
  const std::string text = with("dialect: http", "tls-silent: {weight: 1, optional: true}");
  const Scenario scenario = parse_scenario(text, "s.yaml", {});
  ASSERT_EQ(scenario.not_applicable.size(), 1U);
  EXPECT_EQ(scenario.not_applicable.begin()->first, "tls-silent");
  EXPECT_THAT(scenario.not_applicable.begin()->second, HasSubstr("is of TLS"));
  EXPECT_NE(error_of(with("dialect: http", "tls-silent: {weight: 1, optional: false}")), "");
}

}  // namespace
}  // namespace closewait
