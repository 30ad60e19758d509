#include "record/run.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

Run run_of(std::vector<std::string> behaviours) {
  closewait::Run run;
  HeaderLine header;
  header.behaviours = std::move(behaviours);
  run.add(header);
  return run;
}

SecondLine second(PhaseKind kind, std::uint64_t polite_delivered) {
  SecondLine line{.t = 1, .seconds = 1, .kind = kind, .tally = Tally(2)};
  ClientTally& polite = line.tally.clients[0];
  polite.counts.planned = polite.counts.opened = polite_delivered;
  polite.counts.outcomes[index_of(Outcome::kDelivered)] = polite_delivered;
  polite.response.record(Nanoseconds(5'000), polite_delivered);
  return line;
}

std::uint64_t delivered(const Tally& tally) {
  return tally.clients[0].counts.of(Outcome::kDelivered);
}

TEST(Run, AddsUpStormsAndControlAndTheWhole) {
  closewait::Run run = run_of({"polite", "half-close"});
  EXPECT_EQ(run.whole.clients.size(), 2U);
  SecondLine warm_up = second(PhaseKind::kWarmUp, 1);
  EXPECT_FALSE(run.has_control());
  warm_up.control = true;
  run.add(warm_up);
  EXPECT_TRUE(run.has_control());
  EXPECT_EQ(delivered(run.measured()), 1U) << "the whole, before there is a storm";
  run.add(second(PhaseKind::kStorm, 10));
  run.add(second(PhaseKind::kStorm, 20));
  run.add(second(PhaseKind::kRest, 100));
  EXPECT_EQ(delivered(run.control), 1U);
  EXPECT_EQ(delivered(run.storms), 30U);
  EXPECT_EQ(delivered(run.whole), 131U);
  EXPECT_EQ(delivered(run.measured()), 30U);
  EXPECT_EQ(run.storms.clients[0].response.count(), 30U);
  EXPECT_EQ(run.storm_seconds, 2);
}

TEST(Run, KeepsItsRestsFindingsAndEnd) {
  closewait::Run run = run_of({});
  run.add(PhaseLine{.t = 1, .name = "storm"});
  run.add(CensusLine{.census = {.t = 2, .cycle = 1}});
  run.add(FindingLine{.t = 3, .finding = {.kind = FindingKind::kFdLeak}});
  EXPECT_FALSE(run.end);
  EXPECT_EQ(run.duration_seconds, 3);
  run.add(EndLine{.t = 4, .verdict = Verdict::kFail});
  ASSERT_TRUE(run.end);
  EXPECT_EQ(run.end->verdict, Verdict::kFail);
  EXPECT_EQ(run.phases.size(), 1U);
  EXPECT_EQ(run.rests.at(0).cycle, 1U);
  EXPECT_EQ(run.findings.at(0).kind, FindingKind::kFdLeak);
  EXPECT_EQ(run.duration_seconds, 4);
}

TEST(Run, SetsAsideTheCountsOfPhasesWithHostFaults) {
  closewait::Run run = run_of({"polite", "half-close"});
  run.add(PhaseLine{.name = "calm"});
  run.add(second(PhaseKind::kStorm, 1));
  run.add(PhaseLine{.begins = false, .name = "calm"});
  run.add(PhaseLine{.name = "storm", .host_faults = 2});
  run.add(second(PhaseKind::kStorm, 10));
  run.add(HostFaultLine{.t = 9, .done = {.processes = 3}});
  run.add(second(PhaseKind::kStorm, 20));
  run.add(PhaseLine{.t = 9, .begins = false, .name = "storm", .host_faults = 2});
  run.add(PhaseLine{.name = "calm"});
  run.add(second(PhaseKind::kStorm, 100));
  EXPECT_EQ(run.beside_host_faults.at(0).of(Outcome::kDelivered), 30U);
  EXPECT_EQ(delivered(run.storms), 131U) << "latencies and counts are of all of them";
  ASSERT_EQ(run.host_faults.size(), 1U);
  EXPECT_EQ(run.host_faults[0].processes, 3U);
  EXPECT_EQ(run.duration_seconds, 9);
}

TEST(Run, AddsUpWhatWasReaped) {
  closewait::Run run = run_of({});
  run.add(SecondLine{.reaped = 3});
  run.add(SecondLine{.reaped = 4});
  EXPECT_EQ(run.reaped, 7U);
}

double unavailable_after(PhaseKind kind, const std::string& name, std::uint64_t delivered_count,
                         std::optional<Outcome> failing) {
  closewait::Run run = run_of({name, "half-close"});
  SecondLine line = second(kind, delivered_count);
  line.seconds = 0.5;
  if (failing) line.tally.clients[0].counts.outcomes[index_of(*failing)] = 1;
  line.tally.clients[1].counts.outcomes[index_of(Outcome::kDelivered)] = 9;
  run.add(line);
  return run.unavailable_seconds;
}

TEST(Run, IsUnavailableWhileNoPoliteClientIsServed) {
  for (const Outcome failing : {Outcome::kRefused, Outcome::kPreempted, Outcome::kTimedOut}) {
    EXPECT_EQ(unavailable_after(PhaseKind::kStorm, "polite", 0, failing), 0.5);
    EXPECT_EQ(unavailable_after(PhaseKind::kWarmUp, "polite-held", 0, failing), 0.5);
    EXPECT_EQ(unavailable_after(PhaseKind::kRest, "polite", 0, failing), 0);
    EXPECT_EQ(unavailable_after(PhaseKind::kStorm, "polite", 1, failing), 0);
    EXPECT_EQ(unavailable_after(PhaseKind::kStorm, "rude", 0, failing), 0);
  }
  EXPECT_EQ(unavailable_after(PhaseKind::kStorm, "polite", 0, Outcome::kCut), 0);
  EXPECT_EQ(unavailable_after(PhaseKind::kStorm, "polite", 0, std::nullopt), 0);
}

// A server that hangs refuses nobody: its clients wait, until their time or the phase is over.
TEST(Run, IsUnavailableWhilePoliteClientsOnlyWait) {
  closewait::Run run = run_of({"polite", "half-close"});
  SecondLine line = second(PhaseKind::kStorm, 5);
  line.tally.clients[0].counts.opened = 8;
  run.add(line);
  EXPECT_EQ(run.unavailable_seconds, 0) << "five were served in it";
  run.add(second(PhaseKind::kStorm, 0));
  run.add(second(PhaseKind::kStorm, 0));
  EXPECT_EQ(run.unavailable_seconds, 2) << "three have waited since the first";
  run.add(second(PhaseKind::kStorm, 1));
  EXPECT_EQ(run.unavailable_seconds, 2);
  line = second(PhaseKind::kStorm, 3);
  line.tally.clients[0].counts.opened = 0;
  run.add(line);
  run.add(second(PhaseKind::kStorm, 0));
  EXPECT_EQ(run.unavailable_seconds, 2) << "nobody is left";
}

TEST(Run, ASocketStateThatWasThereStaysAtZero) {
  closewait::Run run = run_of({});
  run.add(SecondLine{.sockets_by_state = {{"ESTABLISHED", 3}, {"LAST_ACK", 1}}});
  run.add(SecondLine{});
  EXPECT_EQ(run.latest.sockets_by_state.at("ESTABLISHED"), 3U) << "not looked at";
  run.add(SecondLine{.sockets_by_state = {{"ESTABLISHED", 0}}});
  EXPECT_EQ(run.latest.sockets_by_state.at("ESTABLISHED"), 0U);
  EXPECT_EQ(run.latest.sockets_by_state.at("LAST_ACK"), 0U);
}

TEST(Run, TakesASecondThatHasMoreClientsThanTheHeader) {
  closewait::Run run = run_of({"polite"});
  run.add(second(PhaseKind::kStorm, 2));
  EXPECT_EQ(run.whole.clients.size(), 2U);
}

TEST(Run, SecondsWithABusyWorkerAreOfStormsThatHaveAPlan) {
  closewait::Run run = run_of({});
  const auto second = [](PhaseKind kind, double busiest_worker) {
    return SecondLine{.seconds = 1, .kind = kind, .busiest_worker = busiest_worker};
  };
  run.add(PhaseLine{.kind = PhaseKind::kStorm, .planned = 100});
  run.add(second(PhaseKind::kStorm, 0.95));
  run.add(second(PhaseKind::kStorm, 0.85));
  run.add(PhaseLine{.kind = PhaseKind::kRest});
  run.add(second(PhaseKind::kRest, 0.95));
  run.add(PhaseLine{.kind = PhaseKind::kStorm});  // as many as the machine makes
  run.add(second(PhaseKind::kStorm, 1));
  EXPECT_EQ(run.busy_seconds, 1);
  EXPECT_EQ(run.planned_storm_seconds, 2);
}

TEST(Run, AddsUpWhatTheNetworkLost) {
  closewait::Run run = run_of({});
  const NetworkCounts some{.listen_overflows = 1,
                           .listen_drops = 2,
                           .syn_retransmits = 3,
                           .conntrack_drops = 4,
                           .resets_sent = 5,
                           .aborts_on_data = 6,
                           .aborts_on_close = 7};
  run.add(SecondLine{.network = some});
  run.add(SecondLine{.network = some});
  EXPECT_EQ(run.network, (NetworkCounts{2, 4, 6, 8, 10, 12, 14}));
}

// The warm-up, a storm of two seconds, and a rest in which others reset connections.
TEST(Run, TellsOfEachPhaseWhatItsPoliteClientsGot) {
  closewait::Run run = run_of({"polite", "rude", "polite-held"});
  run.add(PhaseLine{.t = 1, .name = "storm", .cycle = 1, .planned = 9, .host_faults = 2});
  SecondLine line{.kind = PhaseKind::kStorm, .tally = Tally(3)};
  for (ClientTally& each : line.tally.clients) {
    each.counts.planned = 10;
    each.counts.skipped = 1;
    each.counts.outcomes[index_of(Outcome::kDelivered)] = 7;
  }
  run.add(line);
  ASSERT_EQ(run.played.size(), 1U);
  EXPECT_EQ(run.played[0].polite_asked, 18U);
  EXPECT_EQ(run.played[0].polite_served, 14U);
  EXPECT_EQ(run.played[0].host_faults, 2U);
}

TEST(Run, AddsUpTheResetsOfEachPhaseThatHasClients) {
  closewait::Run run = run_of({"polite", "rude"});
  run.header.resets = {"rude"};
  const auto second = [](PhaseKind kind, std::uint64_t confirmed, const NetworkCounts& network) {
    SecondLine line{.kind = kind, .network = network, .tally = Tally(2)};
    line.tally.clients[0].counts.intended = line.tally.clients[0].counts.confirmed = 100;
    line.tally.clients[1].counts.intended = confirmed + 1;
    line.tally.clients[1].counts.confirmed = confirmed;
    return line;
  };
  run.add(PhaseLine{.t = 1, .name = "warm_up", .kind = PhaseKind::kWarmUp});
  run.add(second(PhaseKind::kWarmUp, 3, {.resets_sent = 4}));
  run.add(PhaseLine{.t = 2, .begins = false, .kind = PhaseKind::kWarmUp, .comparable = true});
  run.add(PhaseLine{.t = 2, .name = "rest", .kind = PhaseKind::kRest});
  run.add(second(PhaseKind::kRest, 0, {.resets_sent = 70}));
  run.add(PhaseLine{.t = 3, .begins = false, .kind = PhaseKind::kRest});
  run.add(PhaseLine{.t = 3, .name = "storm", .cycle = 1, .planned = 9});
  run.add(second(PhaseKind::kStorm, 5, {.resets_sent = 4, .aborts_on_data = 2}));
  run.add(second(PhaseKind::kStorm, 1, {.resets_sent = 1, .aborts_on_close = 1}));
  ASSERT_EQ(run.played.size(), 2U);
  EXPECT_EQ(run.played[0].resets, (ResetProof{4, 3, 4, 0, 0, true}));
  const ResetProof storm{.intended = 8,
                         .confirmed = 6,
                         .sent = 5,
                         .aborts_on_data = 2,
                         .aborts_on_close = 1,
                         .comparable = false};
  EXPECT_EQ(run.played[1], (PlayedPhase{.phase = "storm",
                                        .kind = PhaseKind::kStorm,
                                        .cycle = 1,
                                        .planned = 9,
                                        .began = 3,
                                        .ended = 0,
                                        .resets = storm}));
  run.add(PhaseLine{.t = 5, .begins = false, .cycle = 1, .comparable = true});
  EXPECT_EQ(run.played[1].ended, 5);
  EXPECT_TRUE(run.played[1].resets.comparable);
  EXPECT_EQ(run.resets_intended(), 12U);
  EXPECT_EQ(run.resets_confirmed(), 9U);
}

// The memory above that of the last rest, less what others may take, among those that leave their
// response unread.
TEST(Run, KnowsWhatUnreadResponsesCost) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  closewait::Run run;
  run.add(HeaderLine{.behaviours = {"polite", "never-read"}, .unread = {{"never-read", kMiB}}});
  run.add(CensusLine{{.sample = {.anon_bytes = 10 * kMiB}}});
  run.add(PhaseLine{.name = "storm"});
  SecondLine line{.open = 12, .sample = Sample{.anon_bytes = 91 * kMiB}, .tally = Tally(2)};
  line.tally.clients[0].counts.opened = 2;
  line.tally.clients[1].counts.opened = 10;
  run.add(line);
  EXPECT_EQ(run.played[0].unread_clients, 10U);
  EXPECT_DOUBLE_EQ(run.played[0].unread_bytes, 8.0 * kMiB);
  line.tally.clients[1].counts = {};
  line.sample->anon_bytes = 20 * kMiB;
  run.add(line);
  EXPECT_DOUBLE_EQ(run.played[0].unread_bytes, 8.0 * kMiB) << "the most of any second";
}

TEST(Run, KnowsWhoDidWhatTheyDoLast) {
  closewait::Run run;
  run.add(HeaderLine{.behaviours = {"polite", "rude"}});
  run.add(PhaseLine{.name = "storm"});
  SecondLine line{.tally = Tally(2)};
  line.tally.clients[1].counts.outcomes[index_of(Outcome::kDelivered)] = 3;
  run.add(line);
  run.add(SecondLine{.tally = Tally(2)});
  EXPECT_TRUE(run.latest.delivered.empty());
  EXPECT_EQ(run.latest.delivered_before, (std::map<std::string, std::uint64_t>{{"rude", 3}}));
}

// What is found out later takes the place of what was known.
TEST(Run, AFindingMayBeReplaced) {
  closewait::Run run;
  run.add(FindingLine{.finding = {.kind = FindingKind::kCrash}});
  run.add(FindingLine{.finding = {.kind = FindingKind::kMemoryGrowth}});
  run.add(
      FindingLine{.finding = {.kind = FindingKind::kCrash, .behaviour = "rude"}, .replaces = 0});
  ASSERT_EQ(run.findings.size(), 2U);
  EXPECT_EQ(run.findings[0].behaviour, "rude");
  run.add(FindingLine{.finding = {.kind = FindingKind::kStuck}, .replaces = 7});
  EXPECT_EQ(run.findings.size(), 3U) << "there is none to replace";
}

}  // namespace
}  // namespace closewait
