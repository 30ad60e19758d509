#include "server/loop/watch.h"

#include <utility>

#include "server/loop/event_loop.h"

namespace closewait {

Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)),
      fd_(other.fd_),
      interest_(other.interest_),
      handle_(other.handle_) {}

Watch& Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    reset();
    loop_ = std::exchange(other.loop_, nullptr);
    fd_ = other.fd_;
    interest_ = other.interest_;
    handle_ = other.handle_;
  }
  return *this;
}

error_code Watch::set(std::uint32_t interest, bool again) noexcept {
  if (interest == interest_ && !again) return {};
  const error_code error = loop_->change(fd_, interest, handle_);
  if (!error) interest_ = interest;
  return error;
}

void Watch::reset() noexcept {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->forget(fd_, handle_);
}

}  // namespace closewait
