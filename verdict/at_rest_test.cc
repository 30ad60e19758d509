#include "verdict/at_rest.h"

#include <gmock/gmock.h>

#include <functional>

#include "verdict/rests_for_tests.h"

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::rest_with;
using ::testing::SizeIs;
using Rests = std::vector<Census>;

constexpr std::uint64_t kMiB = 1024 * 1024;

Rests busy(const std::vector<double>& cores) {
  Rests rests;
  for (const double each : cores) {
    rests.push_back(rest_with(10, {{"reset", 100 * rests.size()}}));
    rests.back().busy_cores = each;
  }
  return rests;
}

TEST(BusyLoop, IsOfTheLastTwoRestsAndNotOfTheFirst) {
  const Judged found = busy_loops(busy({0, 0.97, 0.99}));
  ASSERT_THAT(found.findings, SizeIs(1));
  EXPECT_EQ(found.findings[0].kind, FindingKind::kBusyLoop);
  EXPECT_EQ(found.findings[0].behaviour, "reset") << "there was no other";
  EXPECT_THAT(found.findings[0].evidence[0], HasSubstr("0.99 cores"));
  EXPECT_THAT(found.findings[0].evidence[1], HasSubstr("0.00, 0.97, 0.99"));
}

TEST(BusyLoop, WhatATimerTakesIsNone) {
  for (const Rests& rests : {Rests{}, busy({0}), busy({0, 0.02, 0.04}), busy({0, 0.9, 0.1})}) {
    EXPECT_THAT(busy_loops(rests).findings, IsEmpty());
    EXPECT_THAT(busy_loops(rests).not_judged, IsEmpty());
    EXPECT_FALSE(busy_needs_another_look(rests));
  }
}

TEST(BusyLoop, OneBusyRestNeedsAnother) {
  for (const Rests& rests : {busy({0, 0.9}), busy({0, 0, 0.9})}) {
    EXPECT_THAT(busy_loops(rests).findings, IsEmpty());
    EXPECT_THAT(busy_loops(rests).not_judged, ElementsAre(HasSubstr("at the last rest alone")));
    EXPECT_TRUE(busy_needs_another_look(rests));
  }
  EXPECT_FALSE(busy_needs_another_look(busy({0, 0.9, 0.9})));
}

TEST(BusyLoop, WhoPollsFromTheBeginningIsNotJudged) {
  const Judged found = busy_loops(busy({1, 1, 1}));
  EXPECT_THAT(found.findings, IsEmpty());
  EXPECT_THAT(found.not_judged, ElementsAre(HasSubstr("did before the first storm")));
}

TEST(BusyLoop, OfARestInWhichThingsMovedNothingIsKnown) {
  Rests rests = busy({0, 0.9, 0.9});
  rests[1].settled = false;
  EXPECT_THAT(busy_loops(rests).findings, IsEmpty());
}

// 5000 connections a cycle, the last with so many rests.
Rests memory(std::size_t count, const std::function<double(double)>& bytes) {
  Rests rests;
  for (std::size_t i = 0; i < count; ++i) {
    rests.push_back(rest_with(10, {{"polite", 100}, {"reset", 5000 * i}}));
    const auto served = static_cast<double>(rests.back().served);
    rests.back().sample.anon_bytes = 20 * kMiB + static_cast<std::uint64_t>(bytes(served));
  }
  return rests;
}

TEST(MemoryGrowth, IsOfSoManyBytesAConnection) {
  const Judged found = memory_growth(memory(7, [](double served) { return 80 * served; }));
  ASSERT_THAT(found.findings, SizeIs(1));
  EXPECT_EQ(found.findings[0].kind, FindingKind::kMemoryGrowth);
  EXPECT_EQ(found.findings[0].behaviour, "reset") << "nobody else came after the first rest";
  EXPECT_NEAR(found.findings[0].per_connection, 80, 0.1);
  EXPECT_THAT(found.not_judged, IsEmpty());
}

TEST(MemoryGrowth, APlateauIsNone) {
  const auto plateau = [](double served) { return std::min(served * 500, 6e6); };
  EXPECT_THAT(memory_growth(memory(9, plateau)).findings, IsEmpty());
  EXPECT_THAT(memory_growth(memory(9, [](double) { return 0; })).findings, IsEmpty());
}

// An allocator's next piece, or a byte in a counter.
TEST(MemoryGrowth, LittleIsNone) {
  EXPECT_THAT(memory_growth(memory(9, [](double served) { return 8 * served; })).findings,
              IsEmpty());
  EXPECT_THAT(memory_growth(memory(6, [](double served) { return 40 * served; })).findings,
              IsEmpty());
}

TEST(MemoryGrowth, TakesSixRests) {
  const Judged found = memory_growth(memory(5, [](double served) { return 500 * served; }));
  EXPECT_THAT(found.findings, IsEmpty());
  EXPECT_THAT(found.not_judged, ElementsAre(HasSubstr("5 rests; it takes 6")));
}

TEST(MemoryGrowth, AQuarantineThatFillsIsNone) {
  Rests rests = memory(7, [](double served) { return 80 * served; });
  rests.back().quarantine = 256 * kMiB;
  EXPECT_THAT(memory_growth(rests).findings, IsEmpty());
  EXPECT_THAT(memory_growth(rests).not_judged, ElementsAre(HasSubstr("AddressSanitizer")));
  rests.back().quarantine = kMiB / 2;
  EXPECT_THAT(memory_growth(rests).findings, SizeIs(1));
  EXPECT_THAT(memory_growth(rests).not_judged, IsEmpty());
}

TEST(MemoryGrowth, OfATargetThatCannotBeSeenNothingIsSaid) {
  Rests rests = memory(7, [](double served) { return 80 * served; });
  for (Census& rest : rests) rest.sample = {};
  EXPECT_THAT(memory_growth(rests).findings, IsEmpty());
  EXPECT_THAT(memory_growth(rests).not_judged, IsEmpty());
}

}  // namespace
}  // namespace closewait
