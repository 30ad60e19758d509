#pragma once

#include <array>
#include <cstdint>

#include "base/histogram.h"
#include "server/counting/counters.h"

namespace closewait {

// Durations that one thread records and any may read: a Histogram's buckets as counters.
class DurationCounters {
 public:
  void record(Nanoseconds duration) noexcept {
    buckets_[Histogram::bucket_of(duration)].add();
    sum_.add(static_cast<std::uint64_t>(duration.count()));
  }
  void add_to(Histogram& histogram) const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept;

 private:
  std::array<Counter, Histogram::kBuckets> buckets_;
  Counter sum_;
};

// What one event loop has done so far. Written by its thread, read by any.
struct LoopCounters {
  Counter stale_events;      // dropped: what they were for was destroyed earlier in their batch
  DurationCounters batches;  // from one epoll_wait to the next; as many as there were wake-ups
};

}  // namespace closewait
