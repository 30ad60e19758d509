#include "server/loop/timer_wheel.h"

#include <algorithm>
#include <utility>

namespace closewait {

void Timer::expire_at(Instant deadline) noexcept {
  deadline_ = deadline;
  const std::uint64_t tick = wheel_.tick_after(deadline);
  if (is_linked() && tick_ <= tick) return;
  unlink();
  wheel_.place(*this, tick);
}

void TimerWheel::expire(Instant now) {
  const auto tick = static_cast<std::uint64_t>((now - origin_) / kTick);
  const std::uint64_t from = std::exchange(current_, std::max(tick, current_));
  if (tick < earliest_) return;
  const std::uint64_t last = std::min(tick, from + kBuckets);
  for (std::uint64_t i = from + 1; i <= last; ++i) visit(bucket(i), now);
  earliest_ = kNever;
  for (std::uint64_t i = 1; i <= kBuckets && earliest_ == kNever; ++i) {
    if (!bucket(current_ + i).empty()) earliest_ = current_ + i;
  }
}

std::optional<Instant> TimerWheel::next() const noexcept {
  if (earliest_ == kNever) return std::nullopt;
  return origin_ + kTick * static_cast<std::int64_t>(earliest_);
}

void TimerWheel::place(Timer& timer, std::uint64_t tick) noexcept {
  timer.tick_ = std::max(tick, current_ + 1);
  earliest_ = std::min(earliest_, timer.tick_);
  bucket(timer.tick_).push_back(timer);
}

void TimerWheel::visit(Bucket& bucket, Instant now) {
  Bucket due;
  due.splice(due.end(), bucket);
  while (!due.empty()) {
    Timer& timer = due.front();
    due.pop_front();
    if (timer.deadline_ > now) {
      place(timer, tick_after(timer.deadline_));
    } else {
      timer.handler_.on_expiry(timer.key_);
    }
  }
}

std::uint64_t TimerWheel::tick_after(Instant deadline) const noexcept {
  const Nanoseconds since = std::max(Nanoseconds(deadline - origin_), Nanoseconds(0));
  return static_cast<std::uint64_t>((since + kTick - Nanoseconds(1)) / kTick);
}

}  // namespace closewait
