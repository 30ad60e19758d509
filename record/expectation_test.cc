#include "record/expectation.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

using Relation = Expectation::Relation;

constexpr std::string_view kP99 = "latency.polite.response.p99";
constexpr std::string_view kRatio = "clients.polite.failed_ratio";
constexpr std::string_view kCount = "clients.rst-after-connect.delivered";

struct Case {
  std::string_view path;
  std::string_view bound;
  Relation relation;
  double value;
  bool times_control;
};

TEST(Expectation, ReadsABoundInTheUnitOfItsPath) {
  for (const Case& each : {Case{kP99, "< 250ms", Relation::kLess, 0.25, false},
                           Case{kP99, "<=1.5s", Relation::kAtMost, 1.5, false},
                           Case{kP99, "< 0.25", Relation::kLess, 0.25, false},
                           Case{kP99, "< 5x control", Relation::kLess, 5, true},
                           Case{kP99, " <  1.5x  control ", Relation::kLess, 1.5, true},
                           Case{kRatio, "< 0.1%", Relation::kLess, 0.001, false},
                           Case{kRatio, "<= 0.001", Relation::kAtMost, 0.001, false},
                           Case{kCount, "> 100", Relation::kMore, 100, false},
                           Case{kCount, ">= 100", Relation::kAtLeast, 100, false},
                           Case{kCount, "== 0", Relation::kEqual, 0, false},
                           Case{"unavailable_s", "== 0s", Relation::kEqual, 0, false},
                           Case{"somewhere.else", "< 64KiB", Relation::kLess, 65536, false}}) {
    const auto expectation = parse_expectation(each.path, each.bound);
    ASSERT_TRUE(expectation) << each.bound;
    EXPECT_EQ(expectation->path, each.path);
    EXPECT_EQ(expectation->relation, each.relation) << each.bound;
    EXPECT_DOUBLE_EQ(expectation->value, each.value) << each.bound;
    EXPECT_EQ(expectation->times_control, each.times_control) << each.bound;
  }
  EXPECT_EQ(parse_expectation(kP99, " < 250ms ")->bound, "< 250ms");
}

TEST(Expectation, RefusesWhatIsNoBound) {
  for (const char* bound : {"", "<", "250ms", "= 5", "=< 5", "< -5", "< 5y", "< five", "< 5x",
                            "< 5x polite", "< x control", "< nanx control", "!= 5", "< 5 6"}) {
    EXPECT_FALSE(parse_expectation(kP99, bound)) << bound;
  }
}

TEST(Expectation, RefusesAnotherUnitThanThePathHas) {
  EXPECT_FALSE(parse_expectation(kP99, "< 1%"));
  EXPECT_FALSE(parse_expectation(kP99, "< 64KiB"));
  EXPECT_FALSE(parse_expectation(kRatio, "< 250ms"));
  EXPECT_FALSE(parse_expectation(kCount, "< 250ms"));
  EXPECT_FALSE(parse_expectation(kCount, "< 5%"));
}

TEST(Expectation, KnowsThePathsOfTheResult) {
  EXPECT_EQ(unit_of(kP99), NumberUnit::kSeconds);
  EXPECT_EQ(unit_of("latency.slow-read.reap.count"), NumberUnit::kCount);
  EXPECT_EQ(unit_of("lag.p999"), NumberUnit::kSeconds);
  EXPECT_EQ(unit_of("duration_s"), NumberUnit::kSeconds);
  EXPECT_EQ(unit_of(kRatio), NumberUnit::kRatio);
  EXPECT_EQ(unit_of(kCount), NumberUnit::kCount);
  for (const char* path :
       {"", ".", "p99", "lag", "lag.p98", "latency.polite.p99", "latency.polite.respons.p99",
        "latency.a.b.response.p99", "clients.polite", "clients.polite.failed_ratoi",
        "clients.a.b.opened", "verdict", "latency.polite.response.p99."}) {
    EXPECT_EQ(unit_of(path), std::nullopt) << path;
  }
}

TEST(Expectation, HoldsAsItsSignSays) {
  struct Row {
    Relation relation;
    bool below, equal, above;
  };
  for (const Row& row :
       {Row{Relation::kLess, true, false, false}, Row{Relation::kAtMost, true, true, false},
        Row{Relation::kMore, false, false, true}, Row{Relation::kAtLeast, false, true, true},
        Row{Relation::kEqual, false, true, false}}) {
    EXPECT_EQ(holds(row.relation, 1, 2), row.below);
    EXPECT_EQ(holds(row.relation, 2, 2), row.equal);
    EXPECT_EQ(holds(row.relation, 3, 2), row.above);
  }
}

}  // namespace
}  // namespace closewait
