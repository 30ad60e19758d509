#include "metrics/documented_for_tests.h"

#include <gmock/gmock.h>

namespace closewait {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Documented, ReadsTheTablesOfOneSectionWithItsSubsections) {
  const std::string text =
      "# Metrics\n| metric | type |\n## One\n### Part\n| metric | type | labels | what it is |\n"
      "|---|---|---|---|\n| a | gauge | x, y | `z` |\n### Other\n| b_total | counter | | w |\n"
      "## Two\n| c | gauge | | v |\n";
  EXPECT_THAT(documented_in(text, "One"), ElementsAre(Pair("a", MetricShape{"gauge", {"x", "y"}}),
                                                      Pair("b_total", MetricShape{"counter", {}})));
}

TEST(Exported, TellsFamiliesTypesAndLabels) {
  const std::string text =
      "# HELP a what\n# TYPE a histogram\na_count{x=\"1\"} 3\na_sum{x=\"1\"} 0.5\n"
      "a_bucket{x=\"1\",le=\"+Inf\"} 3\n# TYPE a_sum_count counter\na_sum_count 4\n"
      "# TYPE empty gauge\n";
  EXPECT_THAT(exported(text), ElementsAre(Pair("a", MetricShape{"histogram", {"x"}}),
                                          Pair("a_sum_count", MetricShape{"counter", {}})));
  EXPECT_EQ(value_of(text, "a_bucket{x=\"1\",le=\"+Inf\"}"), 3);
}

}  // namespace
}  // namespace closewait
