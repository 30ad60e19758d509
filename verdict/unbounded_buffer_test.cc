#include "verdict/unbounded_buffer.h"

#include <gmock/gmock.h>

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kMiB = 1024.0 * 1024;

// Storms in which each of 10 clients that read nothing of 8 MiB took so much memory.
closewait::Run run_of(const std::vector<double>& bytes) {
  closewait::Run run;
  run.header.unread = {{"never-read", 2 * 1024 * 1024}};
  for (const double each : bytes) {
    run.played.push_back({.phase = "storm",
                          .cycle = run.played.size() + 1,
                          .unread_bytes = each,
                          .unread_clients = 10});
  }
  return run;
}

TEST(UnboundedBuffer, IsMemoryForWhatIsNotRead) {
  const Judged judged = unbounded_buffers(run_of({7.9 * kMiB, 8.1 * kMiB, 0}));
  ASSERT_THAT(judged.findings, SizeIs(1));
  EXPECT_EQ(judged.findings[0].kind, FindingKind::kUnboundedBuffer);
  EXPECT_EQ(judged.findings[0].behaviour, "never-read");
  EXPECT_NEAR(judged.findings[0].per_connection, 8.1 * kMiB, 1);
  EXPECT_THAT(judged.findings[0].evidence[0], HasSubstr("8.1 MiB more memory for each of 10"));
  EXPECT_THAT(judged.not_judged, IsEmpty());
}

TEST(UnboundedBuffer, ABufferWithABoundIsNone) {
  EXPECT_THAT(unbounded_buffers(run_of({1.9 * kMiB, 1.9 * kMiB})).findings, IsEmpty());
  EXPECT_THAT(unbounded_buffers(run_of({1.9 * kMiB, 1.9 * kMiB})).not_judged, IsEmpty());
  EXPECT_THAT(unbounded_buffers(closewait::Run()).findings, IsEmpty());
}

// A heap that finds its size does so once.
TEST(UnboundedBuffer, OneStormIsNotEnough) {
  const Judged judged = unbounded_buffers(run_of({20 * kMiB, 0, 0.1 * kMiB}));
  EXPECT_THAT(judged.findings, IsEmpty());
  EXPECT_THAT(judged.not_judged, ElementsAre(HasSubstr("in no other storm")));
}

// 10 clients that asked for some 8 MiB each; so much more memory at the last rest than at the
// first.
closewait::Run kept(double bytes_each, double stayed) {
  closewait::Run run = run_of({bytes_each, 0.1 * kMiB, 0});
  for (const double grown : {0.0, stayed, stayed, stayed}) {
    run.rests.push_back({.sample = {.anon_bytes = static_cast<std::uint64_t>(5 * kMiB + grown)}});
  }
  return run;
}

// What was freed is kept by an allocator and used again by the next.
TEST(UnboundedBuffer, TheFirstStormIsEnoughWhereTheMemoryStays) {
  const auto findings = unbounded_buffers(kept(12 * kMiB, 118 * kMiB)).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].evidence[2],
              HasSubstr("5.0 MiB at the first rest, 123.0 MiB at the last"));
  EXPECT_THAT(unbounded_buffers(kept(12 * kMiB, 10 * kMiB)).findings, IsEmpty());
  EXPECT_THAT(unbounded_buffers(kept(40 * kMiB, 400 * kMiB)).findings, IsEmpty())
      << "more than they asked for";
}

TEST(UnboundedBuffer, WhatAQuarantineMayKeepIsNone) {
  closewait::Run run = run_of({8 * kMiB, 8 * kMiB});
  run.rests.push_back({.quarantine = 256 * 1024 * 1024});
  EXPECT_THAT(unbounded_buffers(run).findings, IsEmpty());
  EXPECT_THAT(unbounded_buffers(run).not_judged, ElementsAre(HasSubstr("AddressSanitizer")));
}

TEST(UnboundedBuffer, OfFewClientsOrBesideHostFaultsNothingIsSaid) {
  closewait::Run few = run_of({8 * kMiB, 8 * kMiB});
  for (PlayedPhase& phase : few.played) phase.unread_clients = 2;
  EXPECT_THAT(unbounded_buffers(few).findings, IsEmpty());
  closewait::Run frozen = run_of({8 * kMiB, 8 * kMiB});
  for (PlayedPhase& phase : frozen.played) phase.host_faults = 1;
  EXPECT_THAT(unbounded_buffers(frozen).findings, IsEmpty());
}

TEST(UnboundedBuffer, OfSeveralBehavioursNoneIsNamed) {
  closewait::Run run = run_of({8 * kMiB, 8 * kMiB});
  run.header.unread["slow-read"] = 1024 * 1024;
  EXPECT_EQ(unbounded_buffers(run).findings.at(0).behaviour, "");
}

}  // namespace
}  // namespace closewait
