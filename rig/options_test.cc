#include "rig/options.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

#include "base/error.h"

namespace closewait {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr const char* kText =
    "name: small\n"
    "seed: 11\n"
    "target: {start: some-server --port 0}\n"
    "cycle:\n"
    "  - {name: storm, for: 1s, rate: 10/s, clients: {polite: 1}}\n"
    "  - {name: rest, settle: 1s, quiet: 100ms}\n";

// Options with a scenario file that lives as long as the test.
class ChooseScenario : public ::testing::Test {
 protected:
  ChooseScenario() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    options_.scenario = ::testing::TempDir() + "closewait-options-" + test->name() + ".yaml";
    std::ofstream(options_.scenario) << kText;
  }
  ~ChooseScenario() override { std::remove(path_.c_str()); }

  RunOptions options_;
  std::string path_ = options_.scenario;
};

TEST_F(ChooseScenario, ReadsTheFileAndKeepsItsText) {
  const ChosenScenario chosen = choose_scenario(options_);
  EXPECT_EQ(chosen.text, kText);
  EXPECT_EQ(chosen.scenario.name, "small");
  EXPECT_EQ(chosen.scenario.seed, 11U);
  EXPECT_THAT(chosen.scenario.target.start, ::testing::SizeIs(3));
}

TEST_F(ChooseScenario, OptionsAreSettings) {
  options_.seed = 99;
  options_.settings = {{"cycle.storm.for", "3s"}};
  const ChosenScenario chosen = choose_scenario(options_);
  EXPECT_EQ(chosen.scenario.seed, 99U);
  EXPECT_EQ(chosen.scenario.cycle.at(0).duration, std::chrono::seconds(3));
  EXPECT_FALSE(chosen.scenario.target.allow_remote);
  options_.allow_remote = true;
  EXPECT_TRUE(choose_scenario(options_).scenario.target.allow_remote);
}

TEST_F(ChooseScenario, ATargetThatRunsIsNotStarted) {
  options_.target = "[::1]:7000";
  const Scenario scenario = choose_scenario(options_).scenario;
  EXPECT_TRUE(scenario.target.start.empty());
  EXPECT_EQ(scenario.target.address()->to_string(), "[::1]:7000");
}

TEST_F(ChooseScenario, AProcessThatRunsIsNotStarted) {
  options_.pid = 4321;
  const Scenario scenario = choose_scenario(options_).scenario;
  EXPECT_TRUE(scenario.target.start.empty());
  EXPECT_EQ(scenario.target.pid, 4321);
  options_.pid = -1;
  EXPECT_THAT([&] { (void)choose_scenario(options_); },
              ThrowsMessage<UsageError>(HasSubstr("--pid")));
}

TEST_F(ChooseScenario, WithoutAFileTheMixIsTheScenario) {
  options_.scenario.clear();
  options_.target = "127.0.0.1:7000";
  options_.quick = {.target = options_.target,
                    .mix = "polite:80,rst-after-connect:20",
                    .rate = "100/s",
                    .length = "3s"};
  const ChosenScenario chosen = choose_scenario(options_);
  EXPECT_THAT(chosen.text, HasSubstr("rst-after-connect: 20"));
  EXPECT_EQ(chosen.scenario.target.address()->to_string(), "127.0.0.1:7000");
  EXPECT_EQ(chosen.scenario.behaviours().size(), 2U);
  // What it prints can be run: the same plan.
  const Scenario again = parse_scenario(chosen.text, "again", {});
  EXPECT_EQ(again.planned_length(), chosen.scenario.planned_length());
}

TEST_F(ChooseScenario, WithoutASeedOneIsDrawn) {
  options_.scenario.clear();
  options_.target = "127.0.0.1:7000";
  options_.quick = {.target = options_.target, .mix = "polite", .rate = "100/s", .length = "3s"};
  std::uint64_t all = 0;
  for (int i = 0; i < 4; ++i) all |= choose_scenario(options_).scenario.seed;
  EXPECT_NE(all, 0U);
}

TEST_F(ChooseScenario, NothingToRunIsBadInput) {
  EXPECT_THAT([] { (void)choose_scenario({}); },
              ThrowsMessage<UsageError>(StartsWith("run what?")));
  RunOptions missing;
  missing.scenario = "/no/such/file.yaml";
  EXPECT_THAT([&] { (void)choose_scenario(missing); },
              ThrowsMessage<UsageError>(HasSubstr("/no/such/file.yaml")));
}

}  // namespace
}  // namespace closewait
