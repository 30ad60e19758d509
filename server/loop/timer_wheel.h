#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace closewait {

class TimerWheel;

// Is told by a timer wheel, on its loop's thread, that a deadline has passed.
class TimerHandler {
 public:
  // `key` is what the timer was made with. May destroy any timer, the one reported included.
  virtual void on_expiry(std::uint32_t key) = 0;

 protected:
  ~TimerHandler() = default;
};

// One deadline that its owner moves about; cancelled when destroyed. Borrows the wheel and the
// handler, which must outlive it. Belongs to the thread of the wheel.
class Timer : public boost::intrusive::list_base_hook<
                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Timer(TimerWheel& wheel, TimerHandler& handler, std::uint32_t key) noexcept
      : wheel_(wheel), handler_(handler), key_(key) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Constant cost, and only a store when the deadline moves away, as it does with every request.
  void expire_at(Instant deadline) noexcept;
  void cancel() noexcept { unlink(); }

 private:
  friend class TimerWheel;

  TimerWheel& wheel_;
  TimerHandler& handler_;
  std::uint32_t key_;
  Instant deadline_{};
  std::uint64_t tick_ = 0;  // of the bucket it stands in: at or before the deadline's
};

// A hashed timing wheel (Varghese and Lauck 1987): arming, moving and cancelling cost the same for
// one timer and for a million. A timer whose deadline was moved away stays in its bucket and is
// moved on when the bucket's time comes. Fires at most one tick late. Owns nothing: the timers are
// their owners'. One thread.
class TimerWheel {
 public:
  static constexpr Nanoseconds kTick = std::chrono::milliseconds(50);

  explicit TimerWheel(Instant now) noexcept : origin_(now) {}

  void expire(Instant now);
  // When to call expire() next; nothing while no timer runs. May be early, never late.
  [[nodiscard]] std::optional<Instant> next() const noexcept;

 private:
  friend class Timer;

  static constexpr std::uint64_t kBuckets = 2048;  // once around in 102 s
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  using Bucket = boost::intrusive::list<Timer, boost::intrusive::constant_time_size<false>>;

  void place(Timer& timer, std::uint64_t tick) noexcept;
  void visit(Bucket& bucket, Instant now);
  [[nodiscard]] std::uint64_t tick_after(Instant deadline) const noexcept;
  [[nodiscard]] Bucket& bucket(std::uint64_t tick) noexcept { return buckets_[tick % kBuckets]; }

  Instant origin_;
  std::uint64_t current_ = 0;
  std::uint64_t earliest_ = kNever;  // no bucket before this one holds a timer
  std::array<Bucket, kBuckets> buckets_;
};

}  // namespace closewait
