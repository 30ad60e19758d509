#include "report/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "record/expectation.h"
#include "report/example_run.h"

namespace closewait {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using testing::example_run;
using testing::killed_run;

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(Result, HasTheFieldsOfItsSchema) {
  closewait::Run run = example_run();
  run.add(FindingLine{.finding = testing::example_leak()});
  run.add(PhaseLine{.name = "storm"});
  run.add(HostFaultLine{.done = {.fault = HostFaultKind::kKillSockets, .sockets = 20}});
  const Json result = result_of(run);
  EXPECT_THAT(keys_of(result),
              ElementsAre("schema", "verdict", "inconclusive_because", "not_judged", "scenario",
                          "seed", "labels", "rig_version", "rig_processes", "kernel", "target",
                          "started_at", "duration_s", "clients", "latency", "lag", "unavailable_s",
                          "network", "phases", "rests", "host_faults", "findings", "expectations"));
  EXPECT_THAT(keys_of(result["target"]), ElementsAre("address", "command", "pids", "build_id"));
  EXPECT_THAT(
      keys_of(result["clients"]["polite"]),
      ElementsAre("planned", "skipped", "opened", "refused", "rig_errors", "delivered", "preempted",
                  "timed_out", "cut", "wrong", "altered", "other_status", "truncated", "unanswered",
                  "innocent_closed", "outstayed", "failed_ratio", "intended", "confirmed"));
  EXPECT_THAT(keys_of(result["latency"]["polite"]), ElementsAre("connect", "response", "reap"));
  EXPECT_THAT(keys_of(result["lag"]),
              ElementsAre("count", "mean", "p50", "p90", "p99", "p999", "max", "histogram"));
  EXPECT_EQ(keys_of(result["latency"]["polite"]["reap"]), keys_of(result["lag"]));
  EXPECT_THAT(keys_of(result["host_faults"][0]),
              ElementsAre("fault", "phase", "cycle", "at", "until", "processes", "sockets",
                          "undone", "error"));
  EXPECT_THAT(keys_of(result["findings"][0]),
              ElementsAre("kind", "behaviour", "connections", "per_connection", "confidence",
                          "evidence", "again"));
  EXPECT_THAT(
      keys_of(result["phases"][0]),
      ElementsAre("phase", "kind", "cycle", "planned", "together", "together_lacks", "host_faults",
                  "polite_asked", "polite_served", "began", "ended", "resets"));
  EXPECT_THAT(keys_of(result["phases"][0]["resets"]),
              ElementsAre("intended", "confirmed", "sent", "aborts_on_data", "aborts_on_close",
                          "comparable"));
  EXPECT_THAT(keys_of(result["expectations"][0]), ElementsAre("path", "bound", "value", "held"));
}

TEST(Result, TellsTheRunInSeconds) {
  const Json result = result_of(example_run());
  EXPECT_EQ(result["verdict"], "pass");
  EXPECT_EQ(result["target"]["pids"], Json::array({4711}));
  EXPECT_EQ(result["labels"]["branch"], "main");
  EXPECT_EQ(result["duration_s"], 18.0);
  EXPECT_EQ(result["clients"]["polite"]["opened"], 2'410) << "of the whole run";
  EXPECT_EQ(result["clients"]["rst-after-connect"]["confirmed"], 411);
  const Json& response = result["latency"]["polite"]["response"];
  EXPECT_EQ(response["count"], 2'000) << "of the storms";
  EXPECT_EQ(response["max"], 0.003);
  EXPECT_EQ(response["mean"], 0.003);
  // (2.975 ms, 3 ms] is the bucket of 3 ms.
  EXPECT_EQ(response["histogram"], Json::parse("[[0.003, 2000]]"));
  EXPECT_EQ(result["expectations"][0]["held"], true);
  EXPECT_EQ(result["rests"].size(), 2U);
  EXPECT_EQ(result["rests"][1]["served"], 2'822);
  EXPECT_EQ(result["rests"][1]["dead_sockets"], 0) << "a zero is not left out";
}

TEST(Result, IsNullWhereNothingWasMeasured) {
  closewait::Run run = example_run();
  run.header.behaviours.emplace_back("half-close");
  run.whole.clients.emplace_back();
  run.storms.clients.emplace_back();
  const Json result = result_of(run);
  EXPECT_TRUE(result["latency"]["half-close"]["connect"]["p99"].is_null());
  EXPECT_TRUE(result["clients"]["half-close"]["failed_ratio"].is_null());
  EXPECT_EQ(number_at(result, "latency.half-close.connect.p99"), std::nullopt);
  EXPECT_EQ(number_at(result, "latency.half-close.connect.count"), 0);
  EXPECT_EQ(number_at(result, "clients.half-close.opened"), 0);
}

TEST(Result, GivesDurationsAboveTheRangeTheirMaximumAsEdge) {
  closewait::Run run = example_run();
  run.storms.clients[0].reap.record(std::chrono::seconds(2'000));
  const Json pairs = result_of(run)["latency"]["polite"]["reap"]["histogram"];
  EXPECT_EQ(pairs.back(), Json::parse("[2000.0, 1]"));
}

TEST(Result, OfAKilledRunIsUnfinishedAndInconclusive) {
  closewait::Run run = killed_run();
  Json result = result_of(run);
  EXPECT_EQ(result["verdict"], "inconclusive");
  EXPECT_EQ(result["inconclusive_because"], Json::array({"the rig was killed"}));
  EXPECT_EQ(result["unfinished"], true);
  run.add(FindingLine{.finding = testing::example_leak()});
  result = result_of(run);
  EXPECT_EQ(result["verdict"], "fail") << "fail beats inconclusive";
  EXPECT_EQ(result["unfinished"], true);
}

TEST(Result, OfAnInterruptedRunIsUnfinished) {
  closewait::Run run = example_run();
  EXPECT_FALSE(result_of(run).contains("unfinished"));
  run.end->finished = false;
  EXPECT_EQ(result_of(run)["unfinished"], true);
}

TEST(Result, OfNothingIsStillAResult) {
  const closewait::Run nothing;
  const Json result = result_of(nothing);
  EXPECT_EQ(result["verdict"], "inconclusive");
  EXPECT_TRUE(result["clients"].is_object());
  EXPECT_TRUE(result["rests"].is_array());
}

TEST(ControlResult, IsOfTheControlPhasesAlone) {
  const Json control = control_result(example_run());
  EXPECT_EQ(number_at(control, "latency.polite.response.count"), 410);
  EXPECT_EQ(number_at(control, "latency.polite.response.max"), 0.001);
  EXPECT_EQ(number_at(control, "clients.polite.opened"), 410);
  EXPECT_EQ(number_at(control, "clients.rst-after-connect.opened"), 0);
  EXPECT_EQ(number_at(control, "unavailable_s"), std::nullopt);
}

TEST(NumberAt, FindsNumbersOnly) {
  const Json result = result_of(example_run());
  EXPECT_EQ(number_at(result, "duration_s"), 18);
  EXPECT_EQ(number_at(result, "clients.rst-after-connect.preempted"), 1);
  for (const char* path : {"", ".", "verdict", "clients", "clients.polite", "clients.rude.opened",
                           "duration_s.", "duration_s.x", "latency.polite.response.histogram"}) {
    EXPECT_EQ(number_at(result, path), std::nullopt) << path;
  }
}

// Every number that the rig writes by name can be expected something of, and no other.
TEST(NumberAt, AgreesWithTheUnitsOfExpectations) {
  const Json result = result_of(example_run());
  const Json flat = result.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    std::string path = pointer.substr(1);
    std::ranges::replace(path, '/', '.');
    const bool measured = path.starts_with("clients.") || path.starts_with("latency.") ||
                          path.starts_with("lag.") || path.ends_with("_s");
    const bool is_pair = path.find(".histogram") != std::string::npos;
    EXPECT_EQ(unit_of(path).has_value(), measured && !is_pair) << path;
  }
}

}  // namespace
}  // namespace closewait
