#include "record/tally.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

std::uint64_t& outcome(ClientCounts& counts, Outcome which) {
  return counts.outcomes[index_of(which)];
}

TEST(ClientCounts, FailsEveryoneWhoDidNotGetWhatWasTheirs) {
  ClientCounts counts;
  counts.opened = 90;
  outcome(counts, Outcome::kRefused) = 10;
  outcome(counts, Outcome::kPreempted) = 1;
  outcome(counts, Outcome::kTimedOut) = 2;
  outcome(counts, Outcome::kCut) = 3;
  outcome(counts, Outcome::kDelivered) = 84;
  counts.wrong = 4;
  EXPECT_DOUBLE_EQ(counts.failed_ratio(), 0.2);
}

TEST(ClientCounts, FailsNobodyWhenNobodyTried) {
  ClientCounts counts;
  counts.planned = 10;
  counts.skipped = 9;
  counts.rig_errors = 1;
  EXPECT_EQ(counts.failed_ratio(), 0);
}

TEST(ClientCounts, AddsUpEveryField) {
  ClientCounts one{.planned = 1,
                   .skipped = 2,
                   .opened = 3,
                   .rig_errors = 4,
                   .outcomes = {5, 6, 7, 8, 9},
                   .wrong = 10,
                   .altered = 13,
                   .other_status = 16,
                   .truncated = 14,
                   .unanswered = 15,
                   .innocent_closed = 17,
                   .outstayed = 18,
                   .intended = 11,
                   .confirmed = 12};
  one += one;
  EXPECT_EQ(one.planned, 2U);
  EXPECT_EQ(one.skipped, 4U);
  EXPECT_EQ(one.opened, 6U);
  EXPECT_EQ(one.rig_errors, 8U);
  EXPECT_EQ(one.outcomes, (std::array<std::uint64_t, kOutcomes>{10, 12, 14, 16, 18}));
  EXPECT_EQ(one.wrong, 20U);
  EXPECT_EQ(one.innocent_closed, 34U);
  EXPECT_EQ(one.outstayed, 36U);
  EXPECT_EQ(one.intended, 22U);
  EXPECT_EQ(one.confirmed, 24U);
}

TEST(ClientCounts, TakesAPartOffEveryField) {
  const ClientCounts part{.planned = 1,
                          .skipped = 2,
                          .opened = 3,
                          .rig_errors = 4,
                          .outcomes = {5, 6, 7, 8, 9},
                          .wrong = 10,
                          .intended = 11,
                          .confirmed = 12};
  ClientCounts both = part;
  both += part;
  both -= part;
  EXPECT_EQ(both, part);
}

TEST(Tally, MergesEachClientWithItsOwn) {
  Tally a(2);
  Tally b(2);
  a.clients[0].counts.opened = 1;
  b.clients[1].counts.opened = 2;
  b.clients[1].connect.record(Nanoseconds(5'000));
  b.clients[1].response.record(Nanoseconds(6'000), 2);
  b.clients[1].reap.record(Nanoseconds(7'000), 3);
  b.lag.record(Nanoseconds(8'000), 4);
  a.merge(b);
  a.merge(b);
  EXPECT_EQ(a.clients[0].counts.opened, 1U);
  EXPECT_EQ(a.clients[1].counts.opened, 4U);
  EXPECT_EQ(a.clients[1].connect.count(), 2U);
  EXPECT_EQ(a.clients[1].response.count(), 4U);
  EXPECT_EQ(a.clients[1].reap.count(), 6U);
  EXPECT_EQ(a.lag.max(), Nanoseconds(8'000));
  EXPECT_EQ(a.lag.count(), 8U);
}

TEST(Tally, GrowsToTheLargerOfTheTwo) {
  Tally a;
  Tally b(2);
  b.clients[1].counts.opened = 3;
  a.merge(b);
  ASSERT_EQ(a.clients.size(), 2U);
  EXPECT_EQ(a.clients[1].counts.opened, 3U);
  a.merge(Tally());
  EXPECT_EQ(a.clients.size(), 2U);
}

TEST(Tally, KeepsItsClientsWhenCleared) {
  Tally tally(2);
  tally.clients[1].counts.opened = 3;
  tally.clients[1].reap.record(Nanoseconds(1));
  tally.lag.record(Nanoseconds(1));
  tally.clear();
  ASSERT_EQ(tally.clients.size(), 2U);
  EXPECT_EQ(tally.clients[1].counts.opened, 0U);
  EXPECT_EQ(tally.clients[1].reap.count(), 0U);
  EXPECT_EQ(tally.lag.count(), 0U);
}

}  // namespace
}  // namespace closewait
