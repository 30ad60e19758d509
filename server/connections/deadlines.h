#pragma once

#include <cstdint>

#include "base/clock.h"
#include "server/counting/counters.h"

namespace closewait {

// How long a server waits for what. A plain value; the defaults are the program's.
struct Timeouts {
  Nanoseconds idle = std::chrono::seconds(60);  // nothing asked for
  Nanoseconds head =
      std::chrono::seconds(20);  // from the first byte of a request to its head's last
  Nanoseconds body = std::chrono::seconds(20);       // from there to its end, and 1 s more each KiB
  Nanoseconds write = std::chrono::seconds(30);      // none of what is owed is taken
  Nanoseconds handshake = std::chrono::seconds(10);  // of TLS, from accept() on
  Nanoseconds linger = std::chrono::seconds(2);  // the peer does not close after the last answer
};

// What the peer of one connection has to do, and by when: its next input, and taking what it is
// owed. Only what was achieved moves a deadline, never a byte now and then. Pure; borrows the
// timeouts.
class Deadlines {
 public:
  // kNothing: it is not the peer that the input waits for.
  enum class Input : std::uint8_t {
    kNothing,
    kHandshake,
    kRequest,
    kOnlyRequest,  // of a connection that came just before the end
    kHead,
    kBody,
    kClose
  };

  explicit Deadlines(const Timeouts& timeouts) noexcept : timeouts_(&timeouts) {}

  // `step` is another number once what was waited for was achieved; `taken` is how much of a body
  // has come.
  void expect(Input input, std::uint64_t step, std::uint64_t taken, Instant now) noexcept;
  void expect_reading(bool owed, bool progressed, Instant now) noexcept;

  // Instant::max() when there is none.
  [[nodiscard]] Instant next() const noexcept;
  // For which of them it is over when next() has passed.
  [[nodiscard]] CloseReason missed() const noexcept;

 private:
  const Timeouts* timeouts_;
  Instant input_by_ = Instant::max();
  Instant reading_by_ = Instant::max();
  Instant began_{};
  std::uint64_t step_ = 0;
  Input input_ = Input::kNothing;
};

}  // namespace closewait
