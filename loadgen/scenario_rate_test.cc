#include "loadgen/scenario_rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loadgen/scenario.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// The rate's value begins at 3:19.
Phase storm_of(const std::string& rate) {
  const std::string text =
      "name: s\ntarget: {pid: 1}\ncycle: [{  rate: " + rate + ", for: 10s, clients: {polite: 1}}]";
  return parse_scenario(text, "s.yaml", {}).cycle.front();
}

std::string error_of(const std::string& rate) {
  try {
    static_cast<void>(storm_of(rate));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ScenarioRate, ReadsSteps) {
  const Phase storm = storm_of("[{at: 0s, rate: 100/s}, {at: 5s, rate: 1000/s}]");
  EXPECT_THAT(storm.rate.steps, ElementsAre(RateStep{seconds(0), 100}, RateStep{seconds(5), 1000}));
  EXPECT_EQ(storm.planned(), 5500U);
  EXPECT_EQ(storm_of("[{at: 0s, rate: 0/s}, {at: 9s, rate: 7/s}]").planned(), 7U);
}

TEST(ScenarioRate, ReadsASpikeAsSteps) {
  const Phase storm = storm_of("{base: 100/s, spike: 5000/s, at: 3s, for: 500ms}");
  EXPECT_THAT(storm.rate.steps, ElementsAre(RateStep{seconds(0), 100}, RateStep{seconds(3), 5000},
                                            RateStep{milliseconds(3500), 100}));
  EXPECT_EQ(storm.planned(), 3450U);
  EXPECT_THAT(storm_of("{base: 0/s, spike: 5/s, at: 0s, for: 10s}").rate.steps,
              ElementsAre(RateStep{seconds(0), 5}));
}

TEST(ScenarioRate, TakesASettingOfOneValueOfASpike) {
  const std::string text =
      "name: s\ntarget: {pid: 1}\n"
      "cycle: [{rate: {base: 1/s, spike: 5/s, at: 3s, for: 1s}, for: 10s, clients: {polite: 1}}]";
  const auto set = parse_scenario(text, "s.yaml", {{"cycle.storm.rate.spike", "11/s"}});
  EXPECT_EQ(set.cycle.front().planned(), 20U);
}

TEST(ScenarioRate, RefusesStepsThatAreNone) {
  const std::string such = " steps; expected 1 to 1000 such as {at: 0s, rate: 100/s}";
  EXPECT_EQ(error_of("[]"), "s.yaml:3:18: 'rate' has 0" + such);
  EXPECT_EQ(error_of("[{at: 1s, rate: 5/s}]"),
            "s.yaml:3:24: 'at' is '1s' in the first step; expected 0s");
  EXPECT_EQ(error_of("[{at: 0s, rate: 5/s}, {at: 4s, rate: 6/s}, {at: 4s, rate: 7/s}]"),
            "s.yaml:3:66: 'at' is '4s', which is not after the step before it; expected more "
            "than 4s");
  EXPECT_EQ(error_of("[{at: 0s, rate: 5/s}, {at: 10s, rate: 6/s}]"),
            "s.yaml:3:45: 'at' is '10s', which is not within the phase; expected less than 10s");
  EXPECT_EQ(error_of("[{at: 0s, rate: 0/s}, {at: 4s, rate: 0/s}]"),
            "s.yaml:3:18: 'rate' is 0/s in every step; expected a rate above 0/s in one of them");
  EXPECT_EQ(error_of("[{at: 0s, rate: 5/s..6/s}]"),
            "s.yaml:3:34: 'rate' is '5/s..6/s'; expected a rate such as 2000/s, at most "
            "10000000/s");
  EXPECT_EQ(error_of("[{at: 0s}]"),
            "s.yaml:3:19: a step of 'rate' has no 'rate'; expected a rate such as 2000/s, at most "
            "10000000/s");
  EXPECT_EQ(error_of("[{at: 0s, rate: 5/s, to: 6/s}]"),
            "s.yaml:3:39: unknown key 'to' in a step of 'rate'; expected at or rate");
  EXPECT_EQ(error_of("[5/s]"),
            "s.yaml:3:19: a step of 'rate' is '5/s'; expected a map of at or rate");
}

TEST(ScenarioRate, RefusesASpikeThatIsNone) {
  EXPECT_EQ(error_of("{base: 50/s, spike: 50/s, at: 3s, for: 1s}"),
            "s.yaml:3:38: 'spike' is '50/s', which is not above its base; expected more than 50/s");
  EXPECT_EQ(error_of("{base: 0/s, spike: 0/s, at: 3s, for: 1s}"),
            "s.yaml:3:37: 'spike' is '0/s', which is not above its base; expected more than 0/s");
  EXPECT_EQ(error_of("{base: 0/s, spike: 5/s, at: 9s, for: 2s}"),
            "s.yaml:3:46: the spike ends at 11s, after the phase; expected at most 10s");
  EXPECT_EQ(error_of("{base: 0/s, spike: 5/s, at: 9s, for: 0s}"),
            "s.yaml:3:55: 'for' is '0s'; expected a duration such as 250ms, at most 365d");
  EXPECT_EQ(error_of("{base: 0/s, spike: max, at: 9s}"),
            "s.yaml:3:18: 'rate' has no 'for'; expected a duration such as 250ms, at most 365d\n"
            "s.yaml:3:37: 'spike' is 'max'; expected a rate such as 2000/s, at most 10000000/s");
}

}  // namespace
}  // namespace closewait
