#include "verdict/bystanders.h"

#include <gmock/gmock.h>

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

closewait::Run run_with(std::uint64_t innocent, std::uint64_t beside = 0) {
  closewait::Run run;
  run.header.behaviours = {"polite-held"};
  run.whole.clients.resize(1);
  run.beside_host_faults.resize(1);
  run.whole.clients[0].counts.opened = 200;
  run.whole.clients[0].counts.innocent_closed = innocent;
  if (innocent > 0) run.whole.clients[0].first_innocent = {.connection = 31, .offset = 0};
  run.beside_host_faults[0].innocent_closed = beside;
  return run;
}

TEST(InnocentsClosed, OneIsEnoughWhereTheTargetPromisesToKeepThem) {
  const auto findings = innocents_closed(run_with(1), {"polite-held"}).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kInnocentClosed);
  EXPECT_EQ(findings[0].behaviour, "polite-held");
  EXPECT_EQ(findings[0].connections, 1U);
  EXPECT_THAT(findings[0].evidence[1], HasSubstr("connection 31"));
}

TEST(InnocentsClosed, WithoutAPromiseItIsListed) {
  const Judged judged = innocents_closed(run_with(4), {});
  EXPECT_THAT(judged.findings, IsEmpty());
  EXPECT_THAT(judged.not_judged, ElementsAre(HasSubstr("ended 4 of 200 polite-held")));
}

TEST(InnocentsClosed, ACrashEndsThemAll) {
  closewait::Run run = run_with(9);
  run.findings = {{.kind = FindingKind::kCrash}};
  EXPECT_THAT(innocents_closed(run, {"polite-held"}).findings, IsEmpty());
}

TEST(InnocentsClosed, NoneAndThoseBesideHostFaultsAreNone) {
  EXPECT_THAT(innocents_closed(run_with(0), {"polite-held"}).findings, IsEmpty());
  EXPECT_THAT(innocents_closed(run_with(3, 3), {"polite-held"}).findings, IsEmpty());
}

const PoliteControl kControlHolds{.same_rate = true, .holds = [](const auto&) { return true; }};
const PoliteControl kControlBreaks{.same_rate = true, .holds = [](const auto&) { return false; }};

const std::vector<ExpectationResult> kBroken{{.path = "clients.polite.failed_ratio",
                                              .bound = "< 0.1%",
                                              .value = 0.2,
                                              .limit = 0.001,
                                              .held = false}};

closewait::Run run_with_rude() {
  closewait::Run run;
  run.header.behaviours = {"polite", "slow-write"};
  run.header.lag_at_most = 0.1;
  run.played = {{.control = true}, {}};
  return run;
}

TEST(BystanderHarm, IsABrokenExpectationThatHoldsWithPoliteClientsAlone) {
  const auto findings = bystander_harm(run_with_rude(), kBroken, kControlHolds).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kBystanderHarm);
  EXPECT_EQ(findings[0].behaviour, "slow-write") << "nobody else is rude";
  EXPECT_THAT(findings[0].evidence[0], HasSubstr("clients.polite.failed_ratio is 20%"));
}

TEST(BystanderHarm, WhatBreaksWithoutRudeClientsTooIsNone) {
  EXPECT_THAT(bystander_harm(run_with_rude(), kBroken, kControlBreaks).findings, IsEmpty());
  closewait::Run polite = run_with_rude();
  polite.header.behaviours = {"polite"};
  EXPECT_THAT(bystander_harm(polite, kBroken, kControlHolds).findings, IsEmpty());
}

TEST(BystanderHarm, IsOfPoliteClientsAndWhatWasExpected) {
  auto results = kBroken;
  results[0].path = "clients.slow-write.failed_ratio";
  EXPECT_THAT(bystander_harm(run_with_rude(), results, kControlHolds).findings, IsEmpty());
  results = kBroken;
  results[0].held = true;
  EXPECT_THAT(bystander_harm(run_with_rude(), results, kControlHolds).findings, IsEmpty());
}

// What a higher rate does is not the rude ones' doing.
TEST(BystanderHarm, TakesAControlOfTheSameRate) {
  PoliteControl slow = kControlHolds;
  slow.same_rate = false;
  const Judged judged = bystander_harm(run_with_rude(), kBroken, slow);
  EXPECT_THAT(judged.findings, IsEmpty());
  EXPECT_THAT(judged.not_judged, ElementsAre(HasSubstr("as fast as the storms")));
}

// In a longer time there are more, at the same share.
TEST(BystanderHarm, CountsAreNotCompared) {
  auto results = kBroken;
  results[0].path = "clients.polite.timed_out";
  EXPECT_THAT(bystander_harm(run_with_rude(), results, kControlHolds).findings, IsEmpty());
}

TEST(BystanderHarm, BesideHostFaultsAndFromASaturatedRigNothingIsSaid) {
  closewait::Run run = run_with_rude();
  run.played[1].host_faults = 1;
  EXPECT_THAT(bystander_harm(run, kBroken, kControlHolds).findings, IsEmpty());
  run = run_with_rude();
  run.whole.lag.record(std::chrono::seconds(1), 10);
  EXPECT_THAT(bystander_harm(run, kBroken, kControlHolds).findings, IsEmpty());
}

}  // namespace
}  // namespace closewait
