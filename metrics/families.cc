#include "metrics/families.h"

#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

namespace closewait {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::array<std::int64_t, 8> kTenthsADecade{10, 15, 20, 25, 30, 40, 50, 75};
constexpr std::size_t kDecades = 7;  // from 10 us to 100 s
constexpr std::int64_t kLowest = 10'000;
constexpr std::size_t kBounds = kDecades * kTenthsADecade.size() + 1;

constexpr std::array<Nanoseconds, kBounds> make_bounds() {
  std::array<Nanoseconds, kBounds> bounds{};
  std::int64_t start = kLowest;
  std::size_t next = 0;
  for (std::size_t decade = 0; decade < kDecades; ++decade) {
    for (const std::int64_t tenths : kTenthsADecade) {
      bounds[next++] = Nanoseconds(start / 10 * tenths);
    }
    start *= 10;
  }
  bounds[next] = Nanoseconds(start);
  return bounds;
}

constexpr std::array<Nanoseconds, kBounds> kMetricBounds = make_bounds();

// One division of two whole numbers is correctly rounded: the double that "0.0015" reads as, so
// that it is also printed like that.
double bound_in_seconds(Nanoseconds bound) { return static_cast<double>(bound.count()) / 1e9; }

ClientMetric::Histogram hand_over(const Histogram& histogram) {
  ClientMetric::Histogram out;
  out.bucket.reserve(kBounds);
  std::uint64_t counted = 0;
  std::size_t bucket = 0;
  for (const Nanoseconds bound : kMetricBounds) {
    const std::size_t last = Histogram::bucket_of(bound);  // whose upper edge is the bound
    for (; bucket <= last; ++bucket) counted += histogram.buckets()[bucket];
    out.bucket.push_back({.cumulative_count = counted, .upper_bound = bound_in_seconds(bound)});
  }
  // The serializer adds +Inf, with the count.
  out.sample_count = histogram.count();
  out.sample_sum = to_seconds(histogram.sum());
  return out;
}

template <class Fill>
MetricFamily family(std::string name, std::string help, MetricType type, const auto& values,
                    Fill fill) {
  MetricFamily made{std::move(name), std::move(help), type, {}};
  made.metric.reserve(values.size());
  for (const auto& value : values) {
    ClientMetric& metric = made.metric.emplace_back();
    metric.label = value.labels;
    fill(metric, value);
  }
  return made;
}

}  // namespace

MetricFamily gauge_family(std::string name, std::string help,
                          const std::vector<MetricValue>& values) {
  return family(
      std::move(name), std::move(help), MetricType::Gauge, values,
      [](ClientMetric& metric, const MetricValue& from) { metric.gauge.value = from.value; });
}

MetricFamily counter_family(std::string name, std::string help,
                            const std::vector<MetricValue>& values) {
  return family(
      std::move(name), std::move(help), MetricType::Counter, values,
      [](ClientMetric& metric, const MetricValue& from) { metric.counter.value = from.value; });
}

MetricFamily histogram_family(std::string name, std::string help,
                              const std::vector<MetricHistogram>& histograms) {
  return family(std::move(name), std::move(help), MetricType::Histogram, histograms,
                [](ClientMetric& metric, const MetricHistogram& from) {
                  metric.histogram = hand_over(*from.histogram);
                });
}

MetricFamily gauge(std::string name, std::string help, double value) {
  return gauge_family(std::move(name), std::move(help), {{{}, value}});
}

MetricFamily counter(std::string name, std::string help, double value) {
  return counter_family(std::move(name), std::move(help), {{{}, value}});
}

void add_labels(MetricFamilies& families, const MetricLabels& labels) {
  for (MetricFamily& each : families) {
    for (ClientMetric& metric : each.metric) {
      metric.label.insert(metric.label.begin(), labels.begin(), labels.end());
    }
  }
}

void append(MetricFamilies& families, MetricFamilies more) {
  families.insert(families.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
}

std::span<const Nanoseconds> metric_bounds() { return kMetricBounds; }

}  // namespace closewait
