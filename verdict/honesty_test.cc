#include "verdict/honesty.h"

#include <gmock/gmock.h>

namespace closewait {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A thousand clients of one behaviour, all as planned.
ClientCounts as_planned() {
  ClientCounts counts{.planned = 1000, .opened = 1000, .intended = 1000, .confirmed = 1000};
  counts.outcomes[index_of(Outcome::kDelivered)] = 1000;
  return counts;
}

ClientCounts with(std::uint64_t delivered, Outcome other) {
  ClientCounts counts = as_planned();
  counts.outcomes[index_of(Outcome::kDelivered)] = delivered;
  counts.outcomes[index_of(other)] = 1000 - delivered;
  if (other == Outcome::kRefused) counts.opened = delivered;
  return counts;
}

Run run_of(const ClientCounts& counts) {
  Run run;
  run.header.behaviours = {"rude"};
  run.whole = Tally(1);
  run.whole.clients[0].counts = counts;
  run.whole.lag.record(milliseconds(1));
  run.rests = {{.sample = {.fds = 10}, .feed_available = true}};
  return run;
}

std::vector<std::string> reasons(const ClientCounts& counts) {
  return shortfalls(run_of(counts), {});
}

TEST(Honesty, ARunAsPlannedHasNothingToExcuse) {
  EXPECT_THAT(reasons(as_planned()), IsEmpty());
  EXPECT_THAT(reasons({}), IsEmpty());
  EXPECT_THAT(shortfalls(closewait::Run(), {}), IsEmpty());
}

TEST(Honesty, TheRigsOwnErrors) {
  ClientCounts counts = as_planned();
  counts.rig_errors = 1;
  EXPECT_THAT(reasons(counts), IsEmpty());
  counts.rig_errors = 2;
  EXPECT_THAT(reasons(counts), ElementsAre(HasSubstr("rude: 2 of 1000 connections failed by the "
                                                     "rig itself")));
}

TEST(Honesty, ALeakOfTheRigItself) {
  closewait::Run run = run_of(as_planned());
  run.rests.clear();
  for (std::uint64_t i = 0; i < 3; ++i) {
    run.rests.push_back({.served = 1000 * i,
                         .served_by_behaviour = {{"rude", 1000 * i}},
                         .sample = {.fds = 10},
                         .rig = {.fds = 30 + 1000 * i, .processes = 1},
                         .feed_available = true});
  }
  EXPECT_THAT(shortfalls(run, {}), ElementsAre(HasSubstr("the rig itself leaked descriptors")));
}

TEST(Honesty, SkippedArrivals) {
  ClientCounts counts = as_planned();
  counts.skipped = 10;
  EXPECT_THAT(reasons(counts), IsEmpty());
  counts.skipped = 11;
  EXPECT_THAT(reasons(counts), ElementsAre("rude: 11 of 1000 planned connections were skipped"));
  EXPECT_THAT(shortfalls(run_of(counts), {"rude"}), IsEmpty());  // as its at_most plans
}

TEST(Honesty, ClientsThatDidNotDoWhatTheySay) {
  for (const Outcome other :
       {Outcome::kRefused, Outcome::kPreempted, Outcome::kTimedOut, Outcome::kCut}) {
    SCOPED_TRACE(name_of(other));
    EXPECT_THAT(reasons(with(900, other)), IsEmpty());
    EXPECT_THAT(reasons(with(899, other)), ElementsAre(HasSubstr("rude: delivered 899 of 1000 (")));
  }
  EXPECT_THAT(reasons(with(0, Outcome::kPreempted)), ElementsAre(HasSubstr("preempted 1000")));
}

// What fails there, fails for what the rig does; but something has to be left of the phase.
TEST(Honesty, ClientsOfPhasesWithHostFaultsMayFail) {
  closewait::Run run = run_of(with(500, Outcome::kPreempted));
  ClientCounts beside{.planned = 600, .opened = 600};
  beside.outcomes[index_of(Outcome::kDelivered)] = 300;
  beside.outcomes[index_of(Outcome::kPreempted)] = 300;
  run.beside_host_faults = {beside};
  EXPECT_THAT(shortfalls(run, {}), ElementsAre("rude: delivered 200 of 400 (refused 0, preempted "
                                               "200, timed out 0, cut 0)"));
  run.whole.clients[0].counts = with(700, Outcome::kPreempted);
  EXPECT_THAT(shortfalls(run, {}), IsEmpty());
  --beside.outcomes[index_of(Outcome::kDelivered)];
  run.beside_host_faults = {beside};
  EXPECT_THAT(
      shortfalls(run, {}),
      ElementsAre("rude: delivered 299 of 600 in phases with host faults (refused 0, "
                  "preempted 300, timed out 0, cut 0): the faults left too little of them"));
}

TEST(Honesty, HostFaultsThatDidNotHappen) {
  closewait::Run run = run_of(as_planned());
  run.host_faults = {{.phase = "storm", .cycle = 1, .undone = true}};
  EXPECT_THAT(shortfalls(run, {}), IsEmpty());
  run.host_faults.push_back({.fault = HostFaultKind::kKillSockets,
                             .phase = "storm",
                             .cycle = 2,
                             .undone = true,
                             .error = "2 of 3 connections were killed"});
  run.host_faults.push_back({.phase = "storm", .cycle = 3});
  EXPECT_THAT(shortfalls(run, {}), ElementsAre("kill_sockets in storm of cycle 2 does not count: 2 "
                                               "of 3 connections were killed",
                                               "freeze in storm of cycle 3 was not undone"));
  run.host_faults.resize(20, {.phase = "storm", .cycle = 4});
  EXPECT_EQ(shortfalls(run, {}).size(), 6U);
  EXPECT_EQ(shortfalls(run, {}).back(), "and 14 more host faults that do not count");
}

TEST(Honesty, AWrongDialect) {
  ClientCounts counts = as_planned();
  counts.wrong = 999;  // the target's doing
  EXPECT_THAT(reasons(counts), IsEmpty());
  counts.wrong = 1000;
  EXPECT_THAT(reasons(counts), ElementsAre(HasSubstr("is the dialect right?")));
}

TEST(Honesty, EndsThatAreNotProven) {
  ClientCounts counts = as_planned();
  counts.confirmed = 990;
  EXPECT_THAT(reasons(counts), IsEmpty());
  counts.confirmed = 989;
  EXPECT_THAT(reasons(counts), ElementsAre("rude: 11 of 1000 ends are not proven"));
}

TEST(Honesty, ASaturatedRig) {
  closewait::Run run = run_of(as_planned());
  for (int i = 0; i < 99; ++i) run.whole.lag.record(milliseconds(90));
  EXPECT_FALSE(is_saturated(run));
  for (int i = 0; i < 20; ++i) run.whole.lag.record(milliseconds(150));
  EXPECT_TRUE(is_saturated(run));
  EXPECT_THAT(shortfalls(run, {}), ElementsAre(HasSubstr("the rig was saturated")));
  run.header.lag_at_most = 0.2;
  EXPECT_FALSE(is_saturated(run)) << "the scenario allows it";
}

TEST(Honesty, SynsSentAgainThatTheTargetsQueueDoesNotExplain) {
  const auto with_network = [](const NetworkCounts& network) {
    closewait::Run run = run_of(as_planned());
    run.network = network;
    return shortfalls(run, {});
  };
  EXPECT_THAT(with_network({.listen_overflows = 900, .listen_drops = 900, .syn_retransmits = 909}),
              IsEmpty())
      << "its queue was full, which is its own doing";
  EXPECT_THAT(with_network({.syn_retransmits = 9}), IsEmpty()) << "others use the network too";
  EXPECT_THAT(with_network({.listen_drops = 5, .syn_retransmits = 100}),
              ElementsAre(HasSubstr("100 SYNs were sent again, and listeners of this network "
                                    "dropped only 5: packets were lost on the way to the target")));
  EXPECT_THAT(with_network({.conntrack_drops = 1}),
              ElementsAre(HasSubstr("conntrack had no room for 1 connections")));
}

TEST(Honesty, AFewSynsSentAgainAreFewOfMany) {
  ClientCounts many = as_planned();
  for (std::uint64_t* each : {&many.planned, &many.opened, &many.intended, &many.confirmed,
                              &many.outcomes[index_of(Outcome::kDelivered)]}) {
    *each = 100'000;
  }
  closewait::Run run = run_of(many);
  run.network.syn_retransmits = 900;
  EXPECT_THAT(shortfalls(run, {}), IsEmpty());
  run.network.syn_retransmits = 1100;
  EXPECT_THAT(shortfalls(run, {}), ElementsAre(HasSubstr("1100 SYNs")));
}

TEST(Honesty, AWorkerThatIsBusyForLong) {
  closewait::Run run = run_of(as_planned());
  run.planned_storm_seconds = 40;
  run.busy_seconds = 4;
  EXPECT_THAT(shortfalls(run, {}), IsEmpty());
  run.busy_seconds = 5;
  EXPECT_THAT(shortfalls(run, {}),
              ElementsAre(HasSubstr("over 90% of its core in 5 of 40 seconds of storms")));
}

TEST(Honesty, ATargetThatCannotBeSeen) {
  struct Row {
    std::uint64_t fds;
    bool feed;
    std::uint64_t lost;
    const char* reason;  // "": none
  };
  for (const Row& row : {
           Row{10, true, 0, ""},
           Row{10, false, 3, ""},
           Row{0, true, 0, ""},
           Row{0, false, 0, "neither the target's descriptors nor its destroy events"},
           Row{0, true, 3, "destroy events were lost 3 times"},
       }) {
    SCOPED_TRACE(row.reason);
    closewait::Run run = run_of(as_planned());
    run.rests.insert(run.rests.begin(), {.events_lost = row.lost});
    run.rests.back().sample.fds = row.fds;
    run.rests.back().feed_available = row.feed;
    const auto all = shortfalls(run, {});
    if (*row.reason == '\0') {
      EXPECT_THAT(all, IsEmpty());
    } else {
      EXPECT_THAT(all, ElementsAre(HasSubstr(row.reason)));
    }
  }
}

// What never came about was not survived, and where it may be left out it is no shortfall either.
TEST(Honesty, AnOptionalBehaviourThatTheTargetNeverLetHappenIsLeftOut) {
  closewait::Run run;
  run.header.behaviours = {"slow-body"};
  run.header.lag_at_most = 0.1;
  run.whole.clients.resize(1);
  run.beside_host_faults.resize(1);
  ClientCounts& counts = run.whole.clients[0].counts;
  counts.planned = counts.opened = 9;
  counts.outcomes[index_of(Outcome::kPreempted)] = 9;
  EXPECT_FALSE(shortfalls(run, {}).empty());
  EXPECT_TRUE(shortfalls(run, {}, {"slow-body"}).empty());
  counts.outcomes[index_of(Outcome::kPreempted)] = 5;
  counts.outcomes[index_of(Outcome::kDelivered)] = 4;
  EXPECT_FALSE(shortfalls(run, {}, {"slow-body"}).empty()) << "some of them happened";
}

}  // namespace
}  // namespace closewait
