#include "report/run_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "metrics/scrape_for_tests.h"
#include "report/example_run.h"

namespace closewait {
namespace {

using testing::example_leak;
using testing::example_run;
using testing::killed_run;

RunSoFar so_far() {
  return {.name = "nightly",
          .phases = {{"warm_up", PhaseKind::kWarmUp},
                     {"storm", PhaseKind::kStorm},
                     {"rest", PhaseKind::kRest}},
          .target_is_seen = true};
}

std::map<std::string, double> served(const closewait::Run& run, const RunSoFar& beside) {
  return series(prometheus::TextSerializer().Serialize(run_metrics(run, beside)));
}

TEST(RunMetrics, CountersAreThereAtZeroBeforeTheFirstClient) {
  closewait::Run run;
  run.add(HeaderLine{.started_at = "2026-11-22T00:00:01Z", .behaviours = {"polite", "slow-read"}});
  const auto now = served(run, so_far());
  for (const std::string name : {"planned", "skipped", "opened", "wrong"}) {
    const std::string counter =
        "closewait_clients_" + name + "_total{run=\"nightly\",behaviour=\"slow-read\"}";
    ASSERT_TRUE(now.contains(counter)) << counter;
    EXPECT_EQ(now.at(counter), 0);
  }
  EXPECT_EQ(
      now.at("closewait_clients_ended_total{run=\"nightly\",behaviour=\"polite\",outcome=\"cut\"}"),
      0);
  EXPECT_EQ(now.at("closewait_leaked_connections{run=\"nightly\",behaviour=\"slow-read\"}"), 0);
  EXPECT_EQ(now.at("closewait_findings{run=\"nightly\",kind=\"fd-leak\"}"), 0);
  EXPECT_EQ(now.at("closewait_run_start_time_seconds{run=\"nightly\"}"), 1795305601);
  EXPECT_FALSE(now.contains("closewait_target_up{run=\"nightly\"}")) << "nobody has looked yet";
}

TEST(RunMetrics, CountHostFaultsByHowTheyWent) {
  closewait::Run run = killed_run();
  const auto at = [&](const std::string& fault, const std::string& outcome) {
    return served(run, so_far())
        .at("closewait_host_faults_total{run=\"nightly\",fault=\"" + fault + "\",outcome=\"" +
            outcome + "\"}");
  };
  for (const std::string_view fault : kHostFaultNames) {
    EXPECT_EQ(at(std::string(fault), "done"), 0);
    EXPECT_EQ(at(std::string(fault), "failed"), 0);
  }
  run.add(HostFaultLine{.done = {.fault = HostFaultKind::kFreeze, .undone = true}});
  run.add(HostFaultLine{.done = {.fault = HostFaultKind::kFreeze, .undone = true}});
  run.add(HostFaultLine{.done = {.fault = HostFaultKind::kFreeze, .undone = false}});
  run.add(HostFaultLine{
      .done = {.fault = HostFaultKind::kKillSockets, .undone = true, .error = "none"}});
  EXPECT_EQ(at("freeze", "done"), 2);
  EXPECT_EQ(at("freeze", "failed"), 1);
  EXPECT_EQ(at("kill_sockets", "done"), 0);
  EXPECT_EQ(at("kill_sockets", "failed"), 1);
}

TEST(RunMetrics, AreOfTheWholeRun) {
  const auto now = served(example_run(), so_far());
  EXPECT_EQ(now.at("closewait_clients_opened_total{run=\"nightly\",behaviour=\"polite\"}"), 2'410);
  EXPECT_EQ(now.at("closewait_clients_ended_total{run=\"nightly\",behaviour=\"rst-after-connect\","
                   "outcome=\"preempted\"}"),
            1);
  EXPECT_EQ(now.at("closewait_ends_confirmed_total{run=\"nightly\",behaviour="
                   "\"rst-after-connect\"}"),
            411);
  EXPECT_EQ(now.at("closewait_response_duration_seconds_count{run=\"nightly\",behaviour="
                   "\"polite\"}"),
            2'410);
  EXPECT_EQ(now.at("closewait_response_duration_seconds_bucket{run=\"nightly\",behaviour="
                   "\"polite\",le=\"0.002\"}"),
            410);
  EXPECT_EQ(now.at("closewait_lag_seconds_count{run=\"nightly\"}"), 2'412);
  EXPECT_EQ(now.at("closewait_rests_total{run=\"nightly\"}"), 2);
  EXPECT_EQ(now.at("closewait_destroy_events_total{run=\"nightly\"}"), 2'412);
}

TEST(RunMetrics, TellTheClientsResetsBesideTheKernels) {
  closewait::Run run;
  run.add(HeaderLine{.behaviours = {"polite", "rude"}, .resets = {"rude"}});
  run.add(PhaseLine{.name = "storm"});
  SecondLine second{
      .network = NetworkCounts{.resets_sent = 9, .aborts_on_data = 5, .aborts_on_close = 3},
      .tally = Tally(2)};
  second.tally.clients[1].counts.intended = 8;
  second.tally.clients[1].counts.confirmed = 7;
  run.add(second);
  const auto now = served(run, so_far());
  EXPECT_EQ(now.at("closewait_resets_intended_total{run=\"nightly\"}"), 8);
  EXPECT_EQ(now.at("closewait_resets_confirmed_total{run=\"nightly\"}"), 7);
  EXPECT_EQ(now.at("closewait_network_resets_sent_total{run=\"nightly\"}"), 9);
  EXPECT_EQ(now.at("closewait_network_aborts_on_data_total{run=\"nightly\"}"), 5);
  EXPECT_EQ(now.at("closewait_network_aborts_on_close_total{run=\"nightly\"}"), 3);
}

TEST(RunMetrics, TellWhereTheRunStands) {
  closewait::Run run = killed_run();
  run.add(PhaseLine{.t = 17, .name = "storm", .cycle = 2});
  auto now = served(run, so_far());
  EXPECT_EQ(now.at("closewait_phase{run=\"nightly\",phase=\"storm\",kind=\"storm\"}"), 1);
  EXPECT_EQ(now.at("closewait_phase{run=\"nightly\",phase=\"rest\",kind=\"rest\"}"), 0);
  EXPECT_EQ(now.at("closewait_cycles_total{run=\"nightly\"}"), 2);
  EXPECT_EQ(now.at("closewait_run_finished{run=\"nightly\"}"), 0);
  run.add(EndLine{.t = 18});
  now = served(run, so_far());
  EXPECT_EQ(now.at("closewait_phase{run=\"nightly\",phase=\"storm\",kind=\"storm\"}"), 0);
  EXPECT_EQ(now.at("closewait_run_finished{run=\"nightly\"}"), 1);
}

TEST(RunMetrics, NameTheLeakAndTheVerdict) {
  RunSoFar leaking = so_far();
  leaking.findings = {example_leak()};
  leaking.verdict = Verdict::kFail;
  const auto now = served(example_run(), leaking);
  EXPECT_EQ(now.at("closewait_verdict{run=\"nightly\",verdict=\"fail\"}"), 1);
  EXPECT_EQ(now.at("closewait_verdict{run=\"nightly\",verdict=\"pass\"}"), 0);
  EXPECT_EQ(now.at("closewait_findings{run=\"nightly\",kind=\"fd-leak\"}"), 1);
  EXPECT_EQ(now.at("closewait_leaked_connections{run=\"nightly\",behaviour="
                   "\"rst-after-connect\"}"),
            412);
  EXPECT_EQ(now.at("closewait_leaked_connections{run=\"nightly\",behaviour=\"polite\"}"), 0);
  EXPECT_EQ(now.at("closewait_finding_per_connection{run=\"nightly\",kind=\"fd-leak\","
                   "behaviour=\"rst-after-connect\"}"),
            1);
}

// 2,412 connections between the rests of the example, which had 9 descriptors at the first.
TEST(RunMetrics, GrowthIsPerThousandConnections) {
  closewait::Run run = example_run();
  run.latest.t = 18;
  run.rests.back().sample.fds = 9 + 1'206;
  run.rests.back().outstanding = {{.behaviour = "polite", .count = 7, .states = {{"UNHELD", 2}}}};
  const auto now = served(run, so_far());
  EXPECT_DOUBLE_EQ(now.at("closewait_target_fds_per_1000_connections{run=\"nightly\"}"), 500);
  EXPECT_EQ(now.at("closewait_outstanding_connections{run=\"nightly\",behaviour=\"polite\"}"), 5);
}

TEST(RunMetrics, TheTargetIsAsItsLastSecondShowedIt) {
  closewait::Run run = killed_run();
  SecondLine second{.t = 18,
                    .open = 3,
                    .sample = Sample{.fds = 40, .threads = 2, .listen_limit = 128},
                    .sockets_by_state = {{"CLOSE_WAIT", 0}, {"FIN_WAIT2", 4}},
                    .tally = Tally(2)};
  run.add(second);
  auto now = served(run, so_far());
  EXPECT_EQ(now.at("closewait_target_up{run=\"nightly\"}"), 1);
  EXPECT_EQ(now.at("closewait_target_fds{run=\"nightly\"}"), 40);
  EXPECT_EQ(now.at("closewait_connections_open{run=\"nightly\"}"), 3);
  EXPECT_EQ(now.at("closewait_target_sockets{run=\"nightly\",state=\"FIN_WAIT2\"}"), 4);
  EXPECT_EQ(now.at("closewait_target_sockets{run=\"nightly\",state=\"CLOSE_WAIT\"}"), 0);
  second.t = 19;
  second.sample.reset();
  run.add(second);
  now = served(run, so_far());
  EXPECT_EQ(now.at("closewait_target_up{run=\"nightly\"}"), 0);
  EXPECT_FALSE(now.contains("closewait_target_fds{run=\"nightly\"}"));
}

TEST(RunMetrics, ATargetThatCannotBeSeenIsNotDown) {
  closewait::Run run = example_run();
  RunSoFar blind = so_far();
  blind.target_is_seen = false;
  run.add(SecondLine{.t = 18, .tally = Tally(2)});
  for (const auto& [name, value] : served(run, blind)) {
    EXPECT_FALSE(name.starts_with("closewait_target_")) << name;
  }
}

}  // namespace
}  // namespace closewait
