#include "verdict/reset_proof.h"

#include <gmock/gmock.h>

#include "verdict/honesty.h"

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PlayedPhase storm(std::uint64_t cycle, std::uint64_t confirmed, std::uint64_t sent) {
  return {.phase = "storm",
          .cycle = cycle,
          .ended = 1,
          .resets = {.intended = confirmed,
                     .confirmed = confirmed,
                     .sent = sent,
                     .aborts_on_data = 7,
                     .aborts_on_close = 8,
                     .comparable = true}};
}

Run run_of(std::vector<PlayedPhase> played) {
  Run run;
  run.played = std::move(played);
  return run;
}

TEST(ResetProof, MoreResetsThanTheClientsAreNoWonder) {
  for (const std::uint64_t sent : {100, 101, 5000}) {
    const auto run = run_of({storm(1, 100, sent)});
    EXPECT_EQ(resets_missing(run), std::nullopt) << sent;
    EXPECT_EQ(resets_not_compared(run), std::nullopt);
    EXPECT_THAT(shortfalls(run, {}), IsEmpty());
  }
  EXPECT_EQ(resets_missing(closewait::Run()), std::nullopt);
  EXPECT_EQ(resets_missing(run_of({storm(1, 0, 0)})), std::nullopt);
}

TEST(ResetProof, OneResetTooFewMakesTheRunInconclusiveAndIsSaidWithTheNumbers) {
  const char* says =
      "storm 2: clients confirmed 100 resets, and the kernel sent only 99 RSTs in this network "
      "namespace (OutRsts; TCPAbortOnData 7, TCPAbortOnClose 8)";
  // What another phase has in excess is no excuse.
  const auto run = run_of({storm(1, 100, 900), storm(2, 100, 99)});
  EXPECT_EQ(resets_missing(run), says);
  EXPECT_THAT(shortfalls(run, {}), ElementsAre(says));
}

TEST(ResetProof, NamesTheFirstOfSeveralPhases) {
  auto warm_up = storm(0, 5, 4);
  warm_up.phase = "warm_up";
  auto run = run_of({warm_up, storm(1, 100, 99)});
  EXPECT_TRUE(resets_missing(run)->starts_with("warm_up and 1 more phase: clients confirmed 5 "));
  run.played.push_back(storm(2, 100, 0));
  EXPECT_TRUE(resets_missing(run)->starts_with("warm_up and 2 more phases: "));
}

TEST(ResetProof, WhatCannotBeComparedIsNotJudgedAndSaid) {
  auto run = run_of({storm(1, 100, 0), storm(2, 0, 0)});
  for (PlayedPhase& each : run.played) each.resets.comparable = false;
  EXPECT_EQ(resets_missing(run), std::nullopt);
  EXPECT_EQ(resets_not_compared(run),
            "resets of storm 1: clients ran on beyond the phase, or the kernel's counters cannot "
            "be read");
  run.played.front().resets.confirmed = 0;
  EXPECT_EQ(resets_not_compared(run), std::nullopt) << "there is nothing to prove";
}

}  // namespace
}  // namespace closewait
