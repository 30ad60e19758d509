#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace closewait {

class Seats;

// One of a limited number, given back when destroyed. Move-only; borrows the seats.
class Seat {
 public:
  explicit Seat(Seats& seats) noexcept : seats_(&seats) {}
  Seat(Seat&& other) noexcept : seats_(std::exchange(other.seats_, nullptr)) {}
  Seat& operator=(Seat&&) = delete;
  ~Seat();

 private:
  Seats* seats_;
};

// How many of something there may be at once over all workers, so any thread may take one.
class Seats {
 public:
  explicit Seats(std::uint64_t limit) noexcept : limit_(limit) {}

  // Nothing when all are taken.
  [[nodiscard]] std::optional<Seat> take() noexcept {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_) return Seat(*this);
    give_back();
    return std::nullopt;
  }
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

 private:
  friend class Seat;
  void give_back() noexcept { taken_.fetch_sub(1, std::memory_order_relaxed); }

  std::uint64_t limit_;
  std::atomic<std::uint64_t> taken_{0};  // raised and lowered by every worker's thread
};

inline Seat::~Seat() {
  if (seats_ != nullptr) seats_->give_back();
}

}  // namespace closewait
