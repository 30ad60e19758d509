#include "loadgen/rate.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 100/s, for half a second 5000/s, and 100/s again.
Rate spike() {
  return {.steps = {{seconds(0), 100}, {seconds(3), 5000}, {milliseconds(3500), 100}}};
}

TEST(RateCurve, IsTheIntegralOfTheRate) {
  EXPECT_DOUBLE_EQ(RateCurve({.from = 500, .to = 500}, seconds(10)).connections(), 5000);
  EXPECT_DOUBLE_EQ(RateCurve({.from = 500, .to = 4000}, seconds(10)).connections(), 22500);
  EXPECT_DOUBLE_EQ(RateCurve(spike(), seconds(10)).connections(), 300 + 2500 + 650);
  EXPECT_EQ(RateCurve({}, seconds(10)).connections(), 0);
}

TEST(RateCurve, KnowsByWhenSoManyHaveBegun) {
  const RateCurve curve(spike(), seconds(10));
  EXPECT_EQ(curve.instant_of(0), Nanoseconds(0));
  EXPECT_EQ(curve.instant_of(100), seconds(1));
  EXPECT_EQ(curve.instant_of(300), seconds(3));
  EXPECT_EQ(curve.instant_of(300 + 1250), milliseconds(3250));
  EXPECT_EQ(curve.instant_of(300 + 2500 + 50), seconds(4));
}

TEST(RateCurve, SkipsWhereNothingArrives) {
  const RateCurve curve({.steps = {{seconds(0), 0}, {seconds(2), 10}, {seconds(3), 0}}},
                        seconds(10));
  EXPECT_EQ(curve.connections(), 10);
  EXPECT_EQ(curve.instant_of(0), seconds(2));
  EXPECT_EQ(curve.instant_of(5), milliseconds(2500));
  EXPECT_EQ(curve.instant_of(10), seconds(3));
}

TEST(RateCurve, StaysWithinThePhase) {
  for (const Rate& rate : {Rate{.from = 100, .to = 100}, Rate{.from = 100, .to = 0}, spike()}) {
    const RateCurve curve(rate, seconds(10));
    EXPECT_GE(curve.instant_of(-1e-9), Nanoseconds(0));
    EXPECT_EQ(curve.instant_of(curve.connections() * (1 + 1e-9)), seconds(10) - Nanoseconds(1));
  }
}

TEST(Rate, IsScaledInItsShape) {
  EXPECT_EQ(rate_yaml(scaled({.from = 500, .to = 4000}, 2)), "1000/s..8000/s");
  EXPECT_EQ(rate_yaml(scaled({.from = 5, .to = 5}, 0.5)), "2.5/s");
  EXPECT_EQ(rate_yaml(scaled(spike(), 3)),
            "[{at: 0s, rate: 300/s}, {at: 3s, rate: 15000/s}, {at: 3500ms, rate: 300/s}]");
  EXPECT_EQ(rate_yaml({.unbounded = true}), "max");
  EXPECT_EQ(peak_of(spike()), 5000);
  EXPECT_EQ(peak_of({.from = 500, .to = 4000}), 4000);
}

TEST(RateText, SaysARateToPeople) {
  EXPECT_EQ(rate_text({.from = 5, .to = 5}), "5/s");
  EXPECT_EQ(rate_text({.from = 500, .to = 4000}), "500/s..4000/s");
  EXPECT_EQ(rate_text(spike()), "100/s, 5000/s from 3s, 100/s from 3500ms");
  EXPECT_EQ(rate_text({.unbounded = true}), "as many as the machine makes");
}

}  // namespace
}  // namespace closewait
