#include "verdict/crash.h"

#include <gmock/gmock.h>
#include <signal.h>

namespace closewait {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int exited(int status) { return status << 8; }  // as waitpid gives it

TEST(DescribeWaitStatus, SaysSignalOrStatus) {
  EXPECT_EQ(describe_wait_status(SIGSEGV), "signal 11 (SIGSEGV)");
  EXPECT_EQ(describe_wait_status(SIGKILL), "signal 9 (SIGKILL)");
  EXPECT_EQ(describe_wait_status(SIGABRT | 0x80), "signal 6 (SIGABRT)");  // with a core file
  EXPECT_EQ(describe_wait_status(exited(0)), "exit status 0");
  EXPECT_EQ(describe_wait_status(exited(134)), "exit status 134");
}

TEST(Crash, SaysHowWhenAndWithWhom) {
  const Finding finding = crash_finding({.wait_status = SIGSEGV,
                                         .t = 12.34,
                                         .phase = "storm",
                                         .behaviours = {"polite", "rude"},
                                         .last_delivered = {{"polite", 40}, {"rude", 7}},
                                         .log_tail = {"free(): invalid pointer", "Aborted"}});
  EXPECT_EQ(finding.kind, FindingKind::kCrash);
  EXPECT_EQ(finding.behaviour, "");  // either
  EXPECT_EQ(finding.per_connection, 0);
  EXPECT_EQ(finding.confidence, "exact");
  EXPECT_THAT(finding.evidence,
              ElementsAre("the target ended by signal 11 (SIGSEGV) after 12.3 s, in phase storm",
                          "clients of that phase: polite, rude",
                          "the last that did what they do, in a second or two: 40 polite, 7 rude",
                          "its log: free(): invalid pointer", "its log: Aborted"));
}

TEST(Crash, WhatWasDoneToItsProcessIsToldBesideIt) {
  const Finding finding = crash_finding(
      {.phase = "storm",
       .host_faults = {{.fault = HostFaultKind::kFewDescriptors, .at = 3, .until = 4.25}}});
  EXPECT_THAT(finding.evidence,
              Contains("the rig did few_descriptors to its process from 3.0 s to 4.2 s"));
}

TEST(Crash, TheOnlyBehaviourIsNamed) {
  EXPECT_EQ(crash_finding({.phase = "storm", .behaviours = {"rude"}}).behaviour, "rude");
}

TEST(Crash, AStrangersStatusIsNotMadeUp) {
  const Finding finding = crash_finding({.is_child = false, .t = 3, .phase = "rest"});
  EXPECT_THAT(finding.evidence, ElementsAre(HasSubstr("its status is not known")));
  EXPECT_THAT(finding.evidence, Not(Contains(HasSubstr("exit status"))));
}

}  // namespace
}  // namespace closewait
