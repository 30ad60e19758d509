#include "metrics/families.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace closewait {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

std::string text_of(prometheus::MetricFamily family) {
  return prometheus::TextSerializer().Serialize({std::move(family)});
}

TEST(Families, HaveTypeLabelsAndValues) {
  EXPECT_EQ(text_of(gauge_family("a", "what it is", {{{{"x", "1"}, {"y", "2"}}, 0.25}})),
            "# HELP a what it is\n# TYPE a gauge\na{x=\"1\",y=\"2\"} 0.25\n");
  EXPECT_EQ(text_of(counter("b_total", "more", 9007199254740991)),
            "# HELP b_total more\n# TYPE b_total counter\nb_total 9007199254740991\n");
  EXPECT_EQ(text_of(gauge_family("c", "absent", {})), "# HELP c absent\n# TYPE c gauge\n");
}

TEST(Families, TakeLabelsThatAllShareBeforeTheirOwn) {
  MetricFamilies families{gauge("a", "", 1)};
  append(families, {counter_family("b", "", {{{{"x", "1"}}, 2}, {{}, 3}})});
  add_labels(families, {{"run", "nightly"}});
  const std::string text = prometheus::TextSerializer().Serialize(families);
  EXPECT_THAT(text, HasSubstr("\na{run=\"nightly\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nb{run=\"nightly\",x=\"1\"} 2\nb{run=\"nightly\"} 3\n"));
}

TEST(MetricBounds, AreEdgesOfTheHistogram) {
  EXPECT_EQ(metric_bounds().size(), 57U);
  EXPECT_EQ(metric_bounds().front(), microseconds(10));
  EXPECT_EQ(metric_bounds()[1], microseconds(15));
  EXPECT_EQ(metric_bounds().back(), seconds(100));
  EXPECT_TRUE(std::ranges::is_sorted(metric_bounds()));
  for (const Nanoseconds bound : metric_bounds()) {
    EXPECT_EQ(Histogram::upper_edge(Histogram::bucket_of(bound)), bound);
  }
}

TEST(HistogramFamily, CountsAsTheHistogramDoesAtEveryBound) {
  Histogram histogram;
  std::uint64_t times = 1;
  for (const Nanoseconds bound : metric_bounds()) {
    histogram.record(bound, times++);
    histogram.record(bound + Nanoseconds(1), times++);
  }
  histogram.record(Nanoseconds(0), 5);
  histogram.record(seconds(5000), 7);
  const auto family = histogram_family("h", "", {{{{"x", "1"}}, &histogram}});
  const auto& served = family.metric.front().histogram;
  ASSERT_EQ(served.bucket.size(), metric_bounds().size());
  for (std::size_t i = 0; i < served.bucket.size(); ++i) {
    EXPECT_EQ(served.bucket[i].cumulative_count, histogram.count_at_most(metric_bounds()[i])) << i;
    EXPECT_DOUBLE_EQ(served.bucket[i].upper_bound, to_seconds(metric_bounds()[i]));
  }
  EXPECT_EQ(served.sample_count, histogram.count());
  EXPECT_DOUBLE_EQ(served.sample_sum, to_seconds(histogram.sum()));
}

TEST(HistogramFamily, IsServedAsPrometheusReadsIt) {
  Histogram histogram;
  histogram.record(microseconds(1500), 3);
  histogram.record(milliseconds(2));
  const Histogram empty;
  const std::string text =
      text_of(histogram_family("h", "what", {{{{"x", "1"}}, &histogram}, {{{"x", "2"}}, &empty}}));
  EXPECT_THAT(text, HasSubstr("# HELP h what\n# TYPE h histogram\n"));
  EXPECT_THAT(text, HasSubstr("\nh_count{x=\"1\"} 4\nh_sum{x=\"1\"} 0.0065"));
  EXPECT_THAT(text, HasSubstr("\nh_bucket{x=\"1\",le=\"0.001\"} 0\n"
                              "h_bucket{x=\"1\",le=\"0.0015\"} 3\n"
                              "h_bucket{x=\"1\",le=\"0.002\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("\nh_bucket{x=\"1\",le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("\nh_bucket{x=\"2\",le=\"+Inf\"} 0\n"));
}

// A query names a bound by its text, so none may have stray digits. One has: the serializer writes
// 16 digits, and there is no double whose first 16 are those of 0.000075.
TEST(HistogramFamily, BoundsAreWrittenAsAPersonWould) {
  const Histogram histogram;
  const std::string text = text_of(histogram_family("h", "", {{{}, &histogram}}));
  for (const Nanoseconds bound : metric_bounds()) {
    const std::string written = bound == microseconds(75) ? "7.499999999999999e-05"
                                                          : fmt::format("{:g}", to_seconds(bound));
    EXPECT_THAT(text, HasSubstr("le=\"" + written + "\""));
  }
}

}  // namespace
}  // namespace closewait
