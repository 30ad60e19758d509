#include "rig/hunt_scenario.h"

#include <gmock/gmock.h>

#include "faults/clients/clients.h"

namespace closewait {
namespace {

using ::testing::HasSubstr;

HuntedTarget target_of(double polite_per_second, std::uint64_t open_at_most) {
  HuntedTarget target{.address = *SocketAddress::parse("127.0.0.1:8080"),
                      .speaks = {{"target.dialect", "http"}, {"target.path", "/"}},
                      .polite_per_second = polite_per_second,
                      .open_at_most = open_at_most};
  for (const Behaviour* each : catalogue()) {
    if (!each->needs.tls && !each->needs.greeting && !each->needs.net_admin &&
        each->needs.response_bytes == 0) {
      target.behaviours.push_back(each);
    }
  }
  return target;
}

const Phase& storm_of(const Scenario& scenario) { return scenario.cycle.at(1); }

TEST(HuntScenario, HasAllThatAppliesAndAControlOfTheSameRate) {
  const HuntedTarget target = target_of(5000, 200);
  const Scenario scenario = parse_scenario(hunt_scenario_text(target), "hunt", {});
  EXPECT_EQ(storm_of(scenario).clients.size(), target.behaviours.size());
  EXPECT_TRUE(scenario.cycle.at(0).is_control());
  EXPECT_EQ(scenario.cycle.at(0).rate.from, storm_of(scenario).rate.from);
  EXPECT_EQ(scenario.repeat, 6U) << "seven rests: memory can be judged";
  EXPECT_LT(scenario.planned_length(), std::chrono::seconds(70));
  EXPECT_EQ(scenario.target.request.path, "/");
}

// Those who stay have places of their own, and leave some for the others.
TEST(HuntScenario, OpensNoMoreThanItMay) {
  for (const std::uint64_t most : {8U, 50U, 200U}) {
    const Scenario scenario = parse_scenario(hunt_scenario_text(target_of(5000, most)), "hunt", {});
    EXPECT_EQ(scenario.load.open_at_most, most);
    std::uint64_t staying = 0;
    for (const ClientMix& mix : storm_of(scenario).clients) staying += mix.at_most.value_or(0);
    if (most >= 50) {
      EXPECT_LT(staying, most * 7 / 10) << most;
    }
  }
}

// A server that is slow is not asked more than it can do.
TEST(HuntScenario, GoesByWhatTheTargetServes) {
  const auto rate_at = [](double served) {
    return storm_of(parse_scenario(hunt_scenario_text(target_of(served, 200)), "hunt", {}))
        .rate.from;
  };
  EXPECT_EQ(rate_at(1e6), 800);
  EXPECT_EQ(rate_at(1000), 150);
  EXPECT_EQ(rate_at(1), 20);
  EXPECT_EQ(rate_at(0), 20);
}

// Nor one that can have few connections.
TEST(HuntScenario, GoesByHowManyMayBeOpen) {
  const Scenario scenario = parse_scenario(hunt_scenario_text(target_of(1e6, 10)), "hunt", {});
  EXPECT_EQ(storm_of(scenario).rate.from, 40);
}

TEST(HuntScenario, SpeaksWhatWasFound) {
  HuntedTarget target = target_of(5000, 200);
  target.behaviours = {&kPolite, &kRstAfterConnect};
  target.speaks = {
      {"target.dialect", "raw"},
      {"target.protocol", R"({request: "PING\r\n", response: {until: "\r\n", starts: "+PONG"}})"}};
  const std::string text = hunt_scenario_text(target);
  const Scenario scenario = parse_scenario(text, "hunt", {});
  EXPECT_EQ(scenario.target.dialect, Dialect::kRaw);
  EXPECT_THAT(text, HasSubstr("closewait hunt 127.0.0.1:8080"));
}

}  // namespace
}  // namespace closewait
