#include "verdict/expectations.h"

#include <gmock/gmock.h>

#include <map>

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kLatency = "latency.polite.response.p99";
constexpr const char* kFailed = "clients.polite.failed_ratio";

// The numbers of a run, or of its control phases.
NumberAt numbers(std::map<std::string, double, std::less<>> values) {
  return [values = std::move(values)](std::string_view path) -> std::optional<double> {
    const auto found = values.find(path);
    if (found == values.end()) return {};
    return found->second;
  };
}

std::vector<Expectation> expect(std::string_view path, std::string_view bound) {
  return {*parse_expectation(path, bound)};
}

TEST(Expectations, AreHeldAgainstTheRun) {
  const auto judge = [](const char* bound) {
    return judge_expectations(expect(kFailed, bound), numbers({{kFailed, 0.001}}), numbers({}),
                              false);
  };
  const JudgedExpectations broken = judge("< 0.1%");
  EXPECT_THAT(broken.results, ElementsAre(ExpectationResult{
                                  .path = kFailed,
                                  .bound = "< 0.1%",
                                  .value = 0.001,
                                  .limit = 0.001,
                                  .held = false,
                              }));
  EXPECT_THAT(broken.not_judged, IsEmpty());
  EXPECT_TRUE(judge("<= 0.1%").results.at(0).held);
}

TEST(Expectations, ControlMultiplies) {
  const auto judge = [](double value) {
    return judge_expectations(expect(kLatency, "< 5x control"), numbers({{kLatency, value}}),
                              numbers({{kLatency, 0.01}}), false);
  };
  EXPECT_TRUE(judge(0.049).results.at(0).held);
  EXPECT_FALSE(judge(0.051).results.at(0).held);
  EXPECT_DOUBLE_EQ(judge(0.051).results.at(0).limit, 0.05);
}

TEST(Expectations, WithoutAControlTheyAreNotJudged) {
  const JudgedExpectations judged = judge_expectations(
      expect(kLatency, "< 5x control"), numbers({{kLatency, 1}}), numbers({}), false);
  EXPECT_THAT(judged.results, IsEmpty());
  EXPECT_THAT(judged.not_judged, ElementsAre(HasSubstr("no phase of polite clients only")));
}

TEST(Expectations, WithoutANumberTheyAreNotJudged) {
  const JudgedExpectations judged =
      judge_expectations(expect(kFailed, "< 1%"), numbers({}), numbers({{kFailed, 0}}), false);
  EXPECT_THAT(judged.results, IsEmpty());
  EXPECT_THAT(judged.not_judged, ElementsAre(HasSubstr("has no such number")));
}

TEST(Expectations, ASaturatedRigJudgesNoLatency) {
  std::vector<Expectation> both = expect(kLatency, "< 1ms");
  both.push_back(*parse_expectation(kFailed, "< 1%"));
  const auto run = numbers({{kLatency, 9}, {kFailed, 0.5}});
  const JudgedExpectations judged = judge_expectations(both, run, numbers({}), true);
  ASSERT_THAT(judged.results, SizeIs(1));
  EXPECT_EQ(judged.results[0].path, kFailed);
  EXPECT_THAT(judged.not_judged, ElementsAre(HasSubstr("the rig was saturated")));
  EXPECT_THAT(judge_expectations(both, run, numbers({}), false).results, SizeIs(2));
}

}  // namespace
}  // namespace closewait
