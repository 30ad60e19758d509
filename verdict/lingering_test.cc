#include "verdict/lingering.h"

#include <gmock/gmock.h>

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Nanoseconds kPromised = seconds(10);

closewait::Run run_of(const std::vector<std::string>& behaviours) {
  closewait::Run run;
  run.header.behaviours = behaviours;
  run.whole.clients.resize(behaviours.size());
  run.beside_host_faults.resize(behaviours.size());
  return run;
}

TEST(Lingering, IsWhoIsSilentForLongerThanPromisedAndIsNotEnded) {
  closewait::Run run = run_of({"polite", "idle"});
  run.whole.clients[1].counts.opened = 40;
  run.whole.clients[1].counts.outstayed = 3;
  const auto findings = lingering(run, kPromised).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kLingering);
  EXPECT_EQ(findings[0].behaviour, "idle");
  EXPECT_EQ(findings[0].connections, 3U);
  EXPECT_THAT(findings[0].evidence[0], HasSubstr("3 of 40 idle connections were silent"));
}

TEST(Lingering, WhatHostFaultsDelayedDoesNotCount) {
  closewait::Run run = run_of({"idle"});
  run.whole.clients[0].counts.outstayed = 3;
  run.beside_host_faults[0].outstayed = 3;
  EXPECT_THAT(lingering(run, kPromised).findings, IsEmpty());
}

TEST(Lingering, WhatIsReapedLateBesideHostFaultsDoesNotCount) {
  closewait::Run run = run_of({"polite"});
  run.whole.clients[0].reap.record(seconds(40), 2);
  run.played = {{.host_faults = 1}};
  EXPECT_THAT(lingering(run, kPromised).findings, IsEmpty());
}

// The distribution is the evidence.
TEST(Lingering, IsWhoseSocketOutlivesItsClientForLongerThanPromised) {
  closewait::Run run = run_of({"half-close-early"});
  run.whole.clients[0].reap.record(milliseconds(3), 90);
  run.whole.clients[0].reap.record(seconds(11), 8);
  EXPECT_THAT(lingering(run, kPromised).findings, IsEmpty()) << "timers have some leave";
  run.whole.clients[0].reap.record(seconds(40), 2);
  const auto findings = lingering(run, kPromised).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].behaviour, "half-close-early");
  EXPECT_EQ(findings[0].connections, 2U);
  EXPECT_THAT(findings[0].evidence[1], HasSubstr("p50 2.99ms"));
  EXPECT_THAT(findings[0].evidence[1], HasSubstr("at most 40s"));
}

}  // namespace
}  // namespace closewait
