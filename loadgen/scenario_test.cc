#include "loadgen/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace closewait {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

const std::string kFull = R"(# Everything there is.
name: full
seed: 18446744073709551615
target:
  start: closewait-server --listen "127.0.0.1:0"
  address: 127.0.0.1:7000
  dialect: echo
  path: /index.html
  promises: {half_close: closes, idle_timeout: 30s, max_requests: 1000}
  allow_remote: true
load:
  arrivals: even
  sources: [127.0.0.2-127.0.0.4, 127.0.0.9]
  open_at_most: 100
  grace: 0s
  workers: 2
  destroy_events: off
  lag_at_most: 2s
warm_up: {for: 5s, rate: 200/s, clients: {polite: 1}}
cycle:
  - {name: control, for: 10s, rate: 100/s, clients: {polite: 4, polite-held: 1}}
  - name: storm
    for: 10s
    rate: 500/s..4000/s
    clients:
      polite: 60
      half-close: 15.5
      slow-read: {weight: 5, rate: 512KiB/s, size: 1MiB, at_most: 50}
  - {name: rest, settle: 30s, quiet: 3s}
  - {name: flood, for: 1s, rate: max, clients: {rst-after-connect: {weight: 1, wait: 0s}}}
repeat: 5
expect:
  latency.polite.response.p99: < 5x control
  clients.polite.failed_ratio: "<= 0.1%"
accept:
  - {finding: fd-leak, behaviour: half-close, because: "known, #12", until: 2027-01-31}
  - {finding: crash, because: it does}
on_finding: {then: stop, run: "gcore -o 'my core' $PID", halve: off}
)";

const std::string kLeast =
    "name: least\n"
    "target: {pid: 12}\n"
    "cycle: [{for: 3s, rate: 5/s, clients: {polite: 1}}, {settle: 5s}]\n";

Scenario read(const std::string& text) { return parse_scenario(text, "s.yaml", {}); }

TEST(Scenario, ReadsTheTarget) {
  const TargetSpec target = read(kFull).target;
  EXPECT_THAT(target.start, ElementsAre("closewait-server", "--listen", "127.0.0.1:0"));
  EXPECT_EQ(target.address()->to_string(), "127.0.0.1:7000");
  EXPECT_EQ(target.addresses.size(), 1U);
  EXPECT_FALSE(target.pid);
  EXPECT_EQ(target.dialect, Dialect::kEcho);
  EXPECT_EQ(target.request.path, "/index.html");
  EXPECT_EQ(target.promises.half_close_answers, false);
  EXPECT_EQ(target.promises.idle_timeout, seconds(30));
  EXPECT_EQ(target.promises.max_requests, 1000U);
  EXPECT_TRUE(target.allow_remote);
}

TEST(Scenario, ReadsTheLoad) {
  const LoadSpec load = read(kFull).load;
  EXPECT_EQ(load.arrivals, Arrivals::kEven);
  ASSERT_EQ(load.sources.size(), 4U);
  EXPECT_EQ(load.sources[2].to_string(), "127.0.0.4:0");
  EXPECT_EQ(load.sources[3].to_string(), "127.0.0.9:0");
  EXPECT_EQ(load.open_at_most, 100U);
  EXPECT_EQ(load.grace, Nanoseconds(0));
  EXPECT_EQ(load.workers, 2U);
  EXPECT_FALSE(load.destroy_events);
  EXPECT_EQ(load.lag_at_most, seconds(2));
}

TEST(Scenario, ReadsThePhases) {
  const Scenario full = read(kFull);
  EXPECT_EQ(full.warm_up->name, "warm_up");
  EXPECT_EQ(full.warm_up->kind, PhaseKind::kWarmUp);
  EXPECT_EQ(full.warm_up->duration, seconds(5));
  ASSERT_EQ(full.cycle.size(), 4U);
  const Phase& storm = full.cycle[1];
  EXPECT_EQ(storm.kind, PhaseKind::kStorm);
  EXPECT_EQ(storm.rate.from, 500);
  EXPECT_EQ(storm.rate.to, 4000);
  ASSERT_EQ(storm.clients.size(), 3U);
  EXPECT_EQ(storm.clients[1].behaviour->name, "half-close");
  EXPECT_EQ(storm.clients[1].weight, 15.5);
  EXPECT_FALSE(storm.clients[1].at_most);
  EXPECT_EQ(storm.clients[2].at_most, 50U);
  EXPECT_EQ(storm.clients[2].params.rate, 512U * 1024);
  EXPECT_EQ(storm.clients[2].params.size, 1024U * 1024);
  EXPECT_EQ(full.cycle[2].kind, PhaseKind::kRest);
  EXPECT_EQ(full.cycle[2].settle, seconds(30));
  EXPECT_EQ(full.cycle[2].quiet, seconds(3));
  EXPECT_TRUE(full.cycle[3].rate.unbounded);
}

TEST(Scenario, ReadsTheRest) {
  const Scenario full = read(kFull);
  EXPECT_EQ(full.name, "full");
  EXPECT_TRUE(full.seed_given);
  EXPECT_EQ(full.seed, ~std::uint64_t{0});
  EXPECT_EQ(full.repeat, 5U);
  EXPECT_FALSE(full.repeat_length);
  ASSERT_EQ(full.expect.size(), 2U);
  EXPECT_TRUE(full.expect[0].times_control);
  EXPECT_EQ(full.expect[1].bound, "<= 0.1%");
  ASSERT_EQ(full.accept.size(), 2U);
  EXPECT_EQ(full.accept[0].finding, "fd-leak");
  EXPECT_EQ(full.accept[0].behaviour, "half-close");
  EXPECT_EQ(full.accept[0].because, "known, #12");
  EXPECT_EQ(full.accept[0].until, "2027-01-31");
  EXPECT_EQ(full.accept[1].behaviour, "");
  EXPECT_EQ(full.on_finding, OnFinding::kStop);
  EXPECT_EQ(full.run_on_finding, (std::vector<std::string>{"gcore", "-o", "my core", "$PID"}));
  EXPECT_FALSE(full.halve);
}

TEST(Scenario, HasDefaults) {
  const Scenario least = read(kLeast);
  EXPECT_EQ(least.target.pid, 12);
  EXPECT_EQ(least.target.dialect, Dialect::kHttp);
  EXPECT_EQ(least.load.open_at_most, 15000U);
  EXPECT_EQ(least.load.grace, seconds(5));
  EXPECT_TRUE(least.load.destroy_events);
  EXPECT_EQ(least.load.lag_at_most, std::chrono::milliseconds(100));
  EXPECT_FALSE(least.warm_up);
  EXPECT_EQ(least.cycle[0].name, "storm");
  EXPECT_EQ(least.cycle[1].name, "rest");
  EXPECT_EQ(least.cycle[1].quiet, seconds(2));
  EXPECT_EQ(least.repeat, 1U);
  EXPECT_EQ(least.on_finding, OnFinding::kContinue);
  EXPECT_TRUE(least.run_on_finding.empty());
  EXPECT_TRUE(least.halve);
  const ClientMix& polite = least.cycle[0].clients[0];
  EXPECT_EQ(polite.params.size, default_params(*polite.behaviour).size);
}

TEST(Scenario, ARestSettlesForTwentySecondsAndIsNeverQuietForLonger) {
  const auto rest = [](const std::string& written) {
    return read("name: s\ntarget: {pid: 1}\ncycle: [{for: 1s, rate: 1/s, clients: {polite: 1}}, " +
                written + "]\n")
        .cycle[1];
  };
  EXPECT_EQ(rest("{quiet: 1s}").settle, seconds(20));
  EXPECT_EQ(rest("{settle: 1s}").quiet, seconds(1));
}

TEST(Scenario, WithoutASeedEachReadingDrawsOne) {
  EXPECT_FALSE(read(kLeast).seed_given);
  bool differs = false;
  for (int i = 0; i < 8; ++i) differs = differs || read(kLeast).seed != read(kLeast).seed;
  EXPECT_TRUE(differs);
}

TEST(Scenario, KnowsItsBehavioursInTheOrderOfFirstUse) {
  std::vector<std::string_view> names;
  for (const Behaviour* behaviour : read(kFull).behaviours()) names.push_back(behaviour->name);
  EXPECT_THAT(names,
              ElementsAre("polite", "polite-held", "half-close", "slow-read", "rst-after-connect"));
}

TEST(Scenario, KnowsWhatIsAControl) {
  const Scenario full = read(kFull);
  EXPECT_TRUE(full.warm_up->is_control());
  EXPECT_TRUE(full.cycle[0].is_control());
  EXPECT_FALSE(full.cycle[1].is_control());
  EXPECT_FALSE(full.cycle[2].is_control());
  EXPECT_FALSE(full.cycle[3].is_control());
}

TEST(Scenario, PlansConnections) {
  const Scenario full = read(kFull);
  EXPECT_EQ(full.cycle[0].planned(), 1000U);
  EXPECT_EQ(full.cycle[1].planned(), 22500U);
  EXPECT_EQ(full.cycle[2].planned(), 0U);
  EXPECT_EQ(full.cycle[3].planned(), 0U);
}

TEST(Scenario, PlansItsLengthWithTheRestBeforeTheFirstStorm) {
  EXPECT_EQ(read(kFull).planned_length(), seconds(5 + 3 + 5 * (10 + 10 + 3 + 1)));
  EXPECT_EQ(read(kLeast).planned_length(), seconds(2 + 5));
  EXPECT_EQ(read(kLeast + "repeat: 12s\n").planned_length(), seconds(2 + 2 * 5));
  EXPECT_EQ(read(kLeast + "repeat: 5s\n").planned_length(), seconds(2 + 5));
  EXPECT_GT(parse_scenario(kLeast, "s", {{"cycle.storm.for", "365d"}, {"repeat", "1000000"}})
                .planned_length(),
            std::chrono::hours(24 * 365 * 200));
}

TEST(Scenario, TakesTheEnvironmentInItsValues) {
  ::setenv("CLOSEWAIT_SCENARIO_TEST", "a b", 1);
  const Scenario scenario = read(
      "name: s\ntarget: {start: [server, \"${CLOSEWAIT_SCENARIO_TEST}\", $$x]}\n"
      "cycle: [{for: 3s, rate: 5/s, clients: {polite: 1}}]\n");
  EXPECT_THAT(scenario.target.start, ElementsAre("server", "a b", "$x"));
  ::unsetenv("CLOSEWAIT_SCENARIO_TEST");
}

TEST(Scenario, SaysWhereAVariableIsMissing) {
  try {
    static_cast<void>(read(kLeast + "load: {grace: \"${CLOSEWAIT_NOT_SET}\"}\n"));
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("s.yaml:4:15: '${CLOSEWAIT_NOT_SET}' is not "
                                                  "set; expected an environment variable"));
  }
}

TEST(Scenario, IsAMap) {
  for (const std::string text : {"", "# nothing\n", "---\n", "~\n"}) {
    EXPECT_THROW(static_cast<void>(read(text)), UsageError) << text;
  }
  try {
    static_cast<void>(read("- a\n"));
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "s.yaml:1:1: the scenario is a list; expected a map with name, target and cycle");
  }
}

TEST(Scenario, IsReadFromAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "scenario_test_least.yaml";
  std::ofstream(path) << kLeast;
  EXPECT_EQ(load_scenario(path.string(), {{"repeat", "3"}}).repeat, 3U);
  std::filesystem::remove(path);
}

TEST(Scenario, SaysWhichFileCannotBeRead) {
  const auto error_of = [](const std::string& path) -> std::string {
    try {
      static_cast<void>(load_scenario(path, {}));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of("/nowhere/s.yaml"),
            "/nowhere/s.yaml: No such file or directory (ENOENT); expected a scenario file");
  EXPECT_EQ(error_of("/"), "/: Is a directory (EISDIR); expected a scenario file");
}

// No limit is a promise; saying nothing is none.
TEST(Scenario, MayPromiseThatRequestsHaveNoLimit) {
  const auto promised = [](const std::string& most) {
    return parse_scenario(kLeast, "s.yaml", {{"target.promises.max_requests", most}})
        .target.promises.max_requests;
  };
  EXPECT_EQ(promised("none"), kNoLimit);
  EXPECT_EQ(promised("7"), 7U);
  EXPECT_EQ(parse_scenario(kLeast, "s.yaml", {}).target.promises.max_requests, std::nullopt);
}

}  // namespace
}  // namespace closewait
