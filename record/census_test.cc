#include "record/census.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

TEST(Census, AddsUpWhatIsOutstandingOverAllBehaviours) {
  Census census;
  EXPECT_EQ(census.outstanding_total(), 0U);
  census.outstanding = {{.behaviour = "polite", .count = 2, .numbers = {}, .states = {}},
                        {.behaviour = "half-close", .count = 40, .numbers = {}, .states = {}}};
  EXPECT_EQ(census.outstanding_total(), 42U);
}

}  // namespace
}  // namespace closewait
