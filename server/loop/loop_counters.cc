#include "server/loop/loop_counters.h"

namespace closewait {

void DurationCounters::add_to(Histogram& histogram) const noexcept {
  const Nanoseconds sum(static_cast<std::int64_t>(sum_.value()));
  for (std::size_t i = 0; i < buckets_.size(); ++i) histogram.add_bucket(i, buckets_[i].value());
  histogram.add_sum(sum, Nanoseconds(0));  // the longest is not kept
}

std::uint64_t DurationCounters::count() const noexcept {
  std::uint64_t count = 0;
  for (const Counter& bucket : buckets_) count += bucket.value();
  return count;
}

}  // namespace closewait
