#pragma once

#include <utility>

namespace closewait {

// Owns one file descriptor and closes it exactly once: in the destructor, in reset() or when
// another descriptor is moved in. Move-only. Not bound to a thread. This is the only place in
// server/, observe/ and rig/ that calls close(); a bare `int` anywhere else is a borrowed
// descriptor that must not outlive the call it is passed to.
class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  // The borrowed descriptor; -1 when empty.
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

  // Hands the descriptor over to the caller, who now has to close it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

  // Closes what is owned. errno is preserved; an error of close() is ignored, because on Linux
  // the descriptor is gone either way (close(2), "Dealing with error returns").
  void reset() noexcept;

 private:
  int fd_ = -1;
};

}  // namespace closewait
