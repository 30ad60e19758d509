#include "report/verdict_sentence.h"

#include <gtest/gtest.h>

#include "report/example_run.h"

namespace closewait {
namespace {

using testing::example_leak;
using testing::example_run;

Run failed_run() {
  closewait::Run run = example_run();
  run.add(FindingLine{.finding = example_leak()});
  run.rests.back().outstanding = {
      {.behaviour = "rst-after-connect", .count = 412, .numbers = {}, .states = {}}};
  run.end->verdict = Verdict::kFail;
  return run;
}

TEST(VerdictSentence, OfAPassSaysWhatWasLookedAt) {
  closewait::Run run = example_run();
  EXPECT_EQ(verdict_sentence(run),
            "PASS: 2,822 connections, 0 leaked descriptors over 2 rests, every expectation held.");
  run.end->expectations.clear();
  EXPECT_EQ(verdict_sentence(run),
            "PASS: 2,822 connections, 0 leaked descriptors over 2 rests, no findings.");
  run.rests.clear();
  EXPECT_EQ(verdict_sentence(run),
            "PASS: 2,822 connections, no rest to look for leaks in, no findings.");
}

TEST(VerdictSentence, WhatIsNoFindingIsNoLeak) {
  closewait::Run run = example_run();
  run.rests.back().sample.fds = 10;
  run.rests.back().outstanding = {{.behaviour = "polite", .count = 3, .numbers = {}, .states = {}}};
  EXPECT_EQ(verdict_sentence(run),
            "PASS: 2,822 connections, 0 leaked descriptors over 2 rests, every expectation held.");
}

TEST(VerdictSentence, ALeakThatIsAcceptedIsCounted) {
  closewait::Run run = example_run();
  run.add(FindingLine{.finding = example_leak()});
  EXPECT_EQ(
      verdict_sentence(run),
      "PASS: 2,822 connections, 412 leaked descriptors over 2 rests, every expectation held.");
}

TEST(VerdictSentence, OfAFindingSaysItsSizeAndHowToSeeItAgain) {
  closewait::Run run = failed_run();
  EXPECT_EQ(verdict_sentence(run),
            "FAIL: fd-leak, 1.00 descriptors per rst-after-connect connection (412 leaked). "
            "Show it again: sh runs/2024-02-03/again.sh");
  run.findings.push_back({.kind = FindingKind::kCrash});
  run.findings.front().again.clear();
  run.findings.front().connections = 0;
  EXPECT_EQ(verdict_sentence(run),
            "FAIL: fd-leak, 1.00 descriptors per rst-after-connect connection. "
            "And 1 more finding.");
}

TEST(VerdictSentence, OfAFindingWithoutASizeSaysWhoCausedIt) {
  closewait::Run run = failed_run();
  run.findings = {{.kind = FindingKind::kCrash, .behaviour = "slow-read"}};
  EXPECT_EQ(verdict_sentence(run), "FAIL: crash, by slow-read.");
  run.findings = {{.kind = FindingKind::kCrash}};
  EXPECT_EQ(verdict_sentence(run), "FAIL: crash.");
}

TEST(VerdictSentence, OfABrokenExpectationSaysWhatItWas) {
  closewait::Run run = example_run();
  run.end->verdict = Verdict::kFail;
  run.end->expectations[0].held = false;
  EXPECT_EQ(verdict_sentence(run),
            "FAIL: latency.polite.response.p99 is 3ms, expected < 5x control.");
  run.end->expectations[1].held = false;
  EXPECT_EQ(verdict_sentence(run),
            "FAIL: latency.polite.response.p99 is 3ms, expected < 5x control. "
            "And 1 more broken expectation.");
}

TEST(VerdictSentence, OfAnInconclusiveRunSaysWhy) {
  EXPECT_EQ(verdict_sentence(testing::killed_run()), "INCONCLUSIVE: the rig was killed.");
  closewait::Run run = example_run();
  run.end->verdict = Verdict::kInconclusive;
  run.end->inconclusive_because = {"the rig was saturated", "no destroy events"};
  EXPECT_EQ(verdict_sentence(run), "INCONCLUSIVE: the rig was saturated; no destroy events.");
}

}  // namespace
}  // namespace closewait
