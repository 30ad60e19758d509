#include "verdict/own_leak.h"

#include <gmock/gmock.h>

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kMiB = 1024 * 1024;

// Twenty thousand connections between two rests.
std::vector<Census> rests_with(const std::vector<std::uint64_t>& fds,
                               const std::vector<std::uint64_t>& anon_bytes) {
  std::vector<Census> rests;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    rests.push_back({.served = 20'000 * i,
                     .served_by_behaviour = {{"polite", 20'000 * i}},
                     .rig = {.fds = fds[i], .anon_bytes = anon_bytes[i], .processes = 1}});
  }
  return rests;
}

TEST(OwnLeak, NoneWhereNothingGrows) {
  EXPECT_THAT(own_leaks({}), IsEmpty());
  EXPECT_THAT(own_leaks(rests_with({30, 30, 30, 30}, {8 * kMiB, 9 * kMiB, 9 * kMiB, 9 * kMiB})),
              IsEmpty());
  // Memory that the first cycle needs and the others use again.
  EXPECT_THAT(own_leaks(rests_with(
                  std::vector<std::uint64_t>(7, 30),
                  {8 * kMiB, 40 * kMiB, 44 * kMiB, 44 * kMiB, 45 * kMiB, 45 * kMiB, 45 * kMiB})),
              IsEmpty());
}

TEST(OwnLeak, AScrapeUnderWayIsNone) {
  EXPECT_THAT(own_leaks(rests_with({30, 31, 32}, {0, 0, 0})), IsEmpty());
  EXPECT_THAT(own_leaks(rests_with({30, 31, 30, 32}, {0, 0, 0, 0})), IsEmpty());
}

TEST(OwnLeak, Descriptors) {
  EXPECT_THAT(
      own_leaks(rests_with({30, 34, 38, 42}, {0, 0, 0, 0})),
      ElementsAre("the rig itself leaked descriptors; it had 30, 34, 38, 42 from rest to rest"));
}

TEST(OwnLeak, Memory) {
  std::vector<std::uint64_t> bytes;
  for (std::uint64_t i = 0; i < 7; ++i) bytes.push_back(8 * kMiB + i * 20'000 * 100);
  EXPECT_THAT(own_leaks(rests_with(std::vector<std::uint64_t>(7, 30), bytes)),
              ElementsAre("the rig itself leaked memory: 7.6 MiB more since the second rest, 100 "
                          "bytes a connection"));
}

TEST(OwnLeak, WhatAQuarantineKeepsIsNone) {
  std::vector<std::uint64_t> bytes;
  for (std::uint64_t i = 0; i < 7; ++i) bytes.push_back(8 * kMiB + i * 20'000 * 100);
  auto rests = rests_with(std::vector<std::uint64_t>(7, 30), bytes);
  rests.back().rig_quarantine = 256 * kMiB;
  EXPECT_THAT(own_leaks(rests), IsEmpty());
  rests.back().rig_quarantine = kMiB;
  EXPECT_THAT(own_leaks(rests), SizeIs(1));
}

TEST(OwnLeak, IsNotLookedForWhereTheRigWasNotSeenThroughout) {
  auto rests = rests_with({30, 34, 38, 42}, {0, 0, 0, 0});
  rests[1].rig.processes = 0;
  EXPECT_THAT(own_leaks(rests), IsEmpty());
}

}  // namespace
}  // namespace closewait
