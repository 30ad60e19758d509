#include "loadgen/spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace closewait {
namespace {

Spread spread_of(std::uint64_t open_at_most, std::uint64_t workers, std::uint64_t open_files) {
  return spread_over_processes({.open_at_most = open_at_most, .workers = workers}, open_files);
}

TEST(SpreadOverProcesses, IsOneWhereDescriptorsAreEnough) {
  EXPECT_EQ(spread_of(15'000, 1, 20'000), (Spread{1, 1}));
  EXPECT_EQ(spread_of(15'000, 4, 20'000), (Spread{1, 4}));
  EXPECT_EQ(spread_of(1'000'000'000, 1, ~std::uint64_t{0}), (Spread{1, 1}));
}

TEST(SpreadOverProcesses, IsAsFewAsCanBe) {
  EXPECT_EQ(spread_of(100'000, 1, 20'000), (Spread{6, 1}));
  EXPECT_EQ(spread_of(600, 1, 256), (Spread{4, 1}));
}

// At the limit itself, by one.
TEST(SpreadOverProcesses, LeavesEachProcessItsReserve) {
  const std::uint64_t limit = 1'000;
  const std::uint64_t room = limit - reserved_files(1);
  EXPECT_EQ(spread_of(room, 1, limit).processes, 1U);
  EXPECT_EQ(spread_of(room + 1, 1, limit).processes, 2U);
  EXPECT_EQ(spread_of(2 * room, 1, limit).processes, 2U);
  EXPECT_EQ(spread_of(2 * room + 1, 1, limit).processes, 3U);
}

TEST(SpreadOverProcesses, GivesEachProcessAsManyWorkersAndNoFewerThanAskedFor) {
  for (const std::uint64_t workers : {1U, 2U, 3U, 4U, 7U}) {
    for (const std::uint64_t open_at_most : {500U, 1'000U, 2'001U, 9'999U}) {
      const Spread spread = spread_of(open_at_most, workers, 512);
      EXPECT_GE(spread.workers(), workers);
      EXPECT_LE(spread.open_each(open_at_most) + reserved_files(spread.workers_each), 512U);
      EXPECT_GE(spread.open_each(open_at_most) * spread.processes, open_at_most);
    }
  }
}

TEST(SpreadOverProcesses, SaysWhatDoesNotFit) {
  for (const std::uint64_t open_files : {0U, 10U, 72U, 100U}) {
    EXPECT_THROW(static_cast<void>(spread_of(100'000, 1, open_files)), UsageError) << open_files;
  }
}

}  // namespace
}  // namespace closewait
