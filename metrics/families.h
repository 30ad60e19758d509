#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"

namespace closewait {

// A count as Prometheus has it: exact up to 2^53.
[[nodiscard]] constexpr double number(std::uint64_t count) { return static_cast<double>(count); }

using MetricFamilies = std::vector<prometheus::MetricFamily>;
using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

// One series of a family: its labels, and its value as of now.
struct MetricValue {
  MetricLabels labels;
  double value = 0;
};

// The same of a histogram, which is borrowed for the call.
struct MetricHistogram {
  MetricLabels labels;
  const Histogram* histogram = nullptr;
};

// Families made by hand, because what they tell is counted elsewhere already. A family without
// series is served as its HELP and TYPE lines only, which is how something absent looks.
[[nodiscard]] prometheus::MetricFamily gauge_family(std::string name, std::string help,
                                                    const std::vector<MetricValue>& values);
[[nodiscard]] prometheus::MetricFamily counter_family(std::string name, std::string help,
                                                      const std::vector<MetricValue>& values);
// In seconds, by the bounds below; each histogram is walked once.
[[nodiscard]] prometheus::MetricFamily histogram_family(
    std::string name, std::string help, const std::vector<MetricHistogram>& histograms);

// Those with one series that has no labels.
[[nodiscard]] prometheus::MetricFamily gauge(std::string name, std::string help, double value);
[[nodiscard]] prometheus::MetricFamily counter(std::string name, std::string help, double value);

// Puts the labels before those that each series has.
void add_labels(MetricFamilies& families, const MetricLabels& labels);
// Moves `more` behind `families`.
void append(MetricFamilies& families, MetricFamilies more);

// The finite `le` bounds, ascending: 10 us to 100 s with 1, 1.5, 2, 2.5, 3, 4, 5 and 7.5 a decade,
// each an edge of Histogram, so that what is served is exact.
[[nodiscard]] std::span<const Nanoseconds> metric_bounds();

}  // namespace closewait
