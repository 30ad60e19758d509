#include <gtest/gtest.h>

#include <string>

#include "loadgen/scenario.h"

namespace closewait {
namespace {

const QuickScenario kGood{"127.0.0.1:7000", "polite:80,rst-after-connect:20", "2000/s", "10m"};

std::string error_of(const QuickScenario& quick) {
  try {
    static_cast<void>(quick_scenario_text(quick));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

Scenario parsed(const QuickScenario& quick) {
  return parse_scenario(quick_scenario_text(quick), "quick.yaml", {});
}

TEST(QuickScenario, IsAScenarioWhoseStormsAddUpToItsLength) {
  const Scenario scenario = parsed(kGood);
  EXPECT_EQ(scenario.name, "quick");
  EXPECT_EQ(scenario.target.address()->to_string(), "127.0.0.1:7000");
  EXPECT_EQ(scenario.repeat, 3U);
  ASSERT_EQ(scenario.cycle.size(), 2U);
  EXPECT_EQ(scenario.cycle[0].duration, std::chrono::seconds(200));
  EXPECT_EQ(scenario.cycle[0].rate.from, 2000);
  EXPECT_EQ(scenario.cycle[0].clients.at(0).weight, 80);
  EXPECT_EQ(scenario.cycle[0].clients.at(1).behaviour->name, "rst-after-connect");
  EXPECT_EQ(scenario.cycle[1].kind, PhaseKind::kRest);
  EXPECT_TRUE(scenario.warm_up->is_control());
  EXPECT_EQ(scenario.warm_up->rate.from, 100);
}

TEST(QuickScenario, WarmsUpAtATenthOfTheRate) {
  QuickScenario quick = kGood;
  quick.rate = "5/s..15/s";
  EXPECT_EQ(parsed(quick).warm_up->rate.from, 1);
  quick.rate = "max";
  EXPECT_EQ(parsed(quick).warm_up->rate.from, 100);
  EXPECT_TRUE(parsed(quick).cycle[0].rate.unbounded);
}

TEST(QuickScenario, TakesWhatItsOptionsTake) {
  QuickScenario quick = kGood;
  quick.mix = "polite";  // a Unix socket has no resets
  for (const std::string target : {"[::1]:80", "unix:/tmp/it's a ${HOME} #1", "0.0.0.0:1"}) {
    quick.target = target;
    EXPECT_EQ(parsed(quick).target.address()->to_string(), target);
  }
  quick.mix = "half-close";
  EXPECT_EQ(parsed(quick).cycle[0].clients.at(0).weight, 1);
  for (const std::string length : {"1ns", "1ms", "10s", "1m1s", "365d"}) {
    quick.length = length;
    EXPECT_GT(parsed(quick).planned_length().count(), 0) << length;
  }
}

TEST(QuickScenario, NamesTheOptionThatIsWrong) {
  const auto wrong = [](std::string QuickScenario::*option, const std::string& value) {
    QuickScenario quick = kGood;
    quick.*option = value;
    return error_of(quick);
  };
  const std::string mix = "; expected behaviours with weights such as polite:80,half-close:20";
  EXPECT_EQ(wrong(&QuickScenario::target, "localhost:80"),
            "--target: 'localhost:80'; expected an address such as 127.0.0.1:7000, [::1]:7000 or "
            "unix:/run/server.sock");
  EXPECT_EQ(wrong(&QuickScenario::target, "unix:/a\nname: x").substr(0, 9), "--target:");
  EXPECT_EQ(wrong(&QuickScenario::mix, "polite:80,rst-after-conect:20"),
            "--mix: unknown behaviour 'rst-after-conect'; did you mean 'rst-after-connect'?");
  EXPECT_EQ(wrong(&QuickScenario::mix, ""), "--mix: ''" + mix);
  EXPECT_EQ(wrong(&QuickScenario::mix, "polite,"), "--mix: 'polite,'" + mix);
  EXPECT_EQ(wrong(&QuickScenario::mix, ":5"), "--mix: ':5'" + mix);
  EXPECT_EQ(wrong(&QuickScenario::mix, "polite:0"),
            "--mix: 'polite:0'; expected a weight above 0 such as 20");
  EXPECT_EQ(wrong(&QuickScenario::mix, "polite,polite"),
            "--mix: 'polite' is there twice; expected it once");
  EXPECT_EQ(wrong(&QuickScenario::rate, "2000"),
            "--rate: '2000'; expected a rate such as 2000/s, a ramp such as 500/s..4000/s, or max "
            "(at most 10000000/s)");
  EXPECT_EQ(wrong(&QuickScenario::length, "10"),
            "--for: '10'; expected a duration such as 250ms, at most 365d");
}

}  // namespace
}  // namespace closewait
