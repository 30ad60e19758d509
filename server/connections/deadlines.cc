#include "server/connections/deadlines.h"

#include <algorithm>

namespace closewait {
namespace {

constexpr std::uint64_t kBytesPerSecond = 1024;  // a body that comes faster is never late

Nanoseconds allowance(std::uint64_t taken) {
  return std::chrono::milliseconds(taken * 1000 / kBytesPerSecond);
}

}  // namespace

void Deadlines::expect(Input input, std::uint64_t step, std::uint64_t taken, Instant now) noexcept {
  if (input != input_ || step != step_) began_ = now;
  input_ = input;
  step_ = step;
  switch (input) {
    case Input::kNothing:
      input_by_ = Instant::max();
      break;
    case Input::kHandshake:
      input_by_ = began_ + timeouts_->handshake;
      break;
    case Input::kRequest:
      input_by_ = began_ + timeouts_->idle;
      break;
    case Input::kHead:
      input_by_ = began_ + timeouts_->head;
      break;
    case Input::kBody:
      input_by_ = began_ + timeouts_->body + allowance(taken);
      break;
    case Input::kOnlyRequest:
    case Input::kClose:
      input_by_ = began_ + timeouts_->linger;
      break;
  }
}

void Deadlines::expect_reading(bool owed, bool progressed, Instant now) noexcept {
  if (!owed) {
    reading_by_ = Instant::max();
  } else if (progressed || reading_by_ == Instant::max()) {
    reading_by_ = now + timeouts_->write;
  }
}

Instant Deadlines::next() const noexcept { return std::min(input_by_, reading_by_); }

CloseReason Deadlines::missed() const noexcept {
  if (reading_by_ < input_by_) return CloseReason::kSlowRead;
  switch (input_) {
    case Input::kHandshake:
      return CloseReason::kSlowHandshake;
    case Input::kHead:
      return CloseReason::kSlowHead;
    case Input::kBody:
      return CloseReason::kSlowBody;
    case Input::kClose:
      return CloseReason::kSlowClose;
    case Input::kNothing:
    case Input::kRequest:
    case Input::kOnlyRequest:
      break;
  }
  return CloseReason::kIdle;
}

}  // namespace closewait
