// The plan of a run: what `check` says of it, and any connection of it played again.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::Ended;
using ::testing::HasSubstr;
using testing::Program;

class ThePlan : public testing::RigRun {
 protected:
  ThePlan()
      : server_({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0"}, folder()) {}

  // Five connections of warm-up, and fifteen of a storm that has a step.
  [[nodiscard]] Arguments scenario(const std::string& seed = "seed: 7") const {
    return {write("plan.yaml",
                  fmt::format("name: plan\n"
                              "{}\n"
                              "target: {{address: '{}'}}\n"
                              "warm_up: {{for: 500ms, rate: 10/s, clients: {{polite: 1}}}}\n"
                              "cycle:\n"
                              "  - name: storm\n"
                              "    for: 1s\n"
                              "    rate: [{{at: 0s, rate: 10/s}}, {{at: 500ms, rate: 20/s}}]\n"
                              "    clients: {{polite: 40, rst-after-connect: 30, half-close: 30}}\n"
                              "  - {{name: rest, settle: 1s, quiet: 100ms}}\n",
                              seed, testing::address_of(server_).to_string()))};
  }
  [[nodiscard]] Ended replayed(int number, const Arguments& more = {}) const {
    Arguments arguments = scenario();
    arguments.insert(arguments.begin(), "run");
    arguments.insert(arguments.end(), {"--connection", std::to_string(number)});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return closewait(arguments);
  }

  Program server_;
};

TEST_F(ThePlan, IsCountedByCheck) {
  Arguments arguments = scenario();
  arguments.insert(arguments.begin(), "check");
  const Ended ended = closewait(arguments);
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("storm: 1s at 10/s, 20/s from 500ms, 15 connections"),
                                  HasSubstr("connections: 20 in all, numbered from 0")));
}

// Whatever the number of workers, the run begins what the replays show, one by one.
TEST_F(ThePlan, IsWhatTheReplaysShowOneByOne) {
  std::map<std::string, int> by_behaviour;
  double last_planned = 0;
  for (int number = 0; number < 20; ++number) {
    const Ended ended = replayed(number, {"--json"});
    ASSERT_EQ(ended.status, 0) << ended.output << ended.errors;
    const json one = json::parse(ended.output, nullptr, false);
    ASSERT_TRUE(one.is_object()) << ended.output;
    EXPECT_EQ(one["connection"], number);
    EXPECT_EQ(one["phase"], number < 5 ? "warm_up" : "storm");
    EXPECT_EQ(one["outcome"], "delivered");
    if (number == 5) last_planned = 0;
    EXPECT_GE(one["planned_s"], last_planned);
    last_planned = one["planned_s"];
    ++by_behaviour[one["behaviour"]];
  }
  EXPECT_EQ(by_behaviour.size(), 3U);
  for (const char* workers : {"1", "4"}) {
    Arguments arguments = scenario();
    arguments.insert(arguments.end(), {"--set", fmt::format("load.workers={}", workers)});
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
    for (const auto& [behaviour, count] : by_behaviour) {
      EXPECT_EQ(ended.result["clients"][behaviour]["planned"], count) << behaviour;
    }
    std::filesystem::remove_all(out());
  }
}

TEST_F(ThePlan, TellsAPersonWhatAConnectionDid) {
  const Ended ended = replayed(0);
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("connection 0 of 20, seed 7: warm_up, planned 0."),
                                  HasSubstr("polite size=1KiB"), HasSubstr("delivered after "),
                                  HasSubstr("its end is proven")));
}

TEST_F(ThePlan, HasNoConnectionBeyondItsLast) {
  const Ended ended = replayed(20);
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors,
              HasSubstr("--connection 20: the plan has 20 connections; expected 0 to 19"));
}

TEST_F(ThePlan, IsNotKnownWithoutASeed) {
  Arguments arguments = scenario("# no seed");
  arguments.insert(arguments.begin(), "run");
  arguments.insert(arguments.end(), {"--connection", "0"});
  EXPECT_EQ(closewait(arguments).status, 2);
  EXPECT_THAT(closewait(arguments).errors, HasSubstr("expected --seed N of the run"));
  arguments.insert(arguments.end(), {"--seed", "3"});
  EXPECT_EQ(closewait(arguments).status, 0);
}

TEST_F(ThePlan, LeavesNoResultsOfAReplay) {
  EXPECT_EQ(replayed(0, {"--out", out().string()}).status, 2);
  EXPECT_EQ(replayed(0).status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder() / "results"));
}

TEST_F(ThePlan, StartsTheTargetOfAReplay) {
  const Ended ended = replayed(
      1, {"--set", "target={start: 'closewait-server --service http --listen 127.0.0.1:0'}"});
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("delivered"));
}

}  // namespace
}  // namespace closewait
