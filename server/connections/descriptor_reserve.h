#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "base/unique_fd.h"

namespace closewait {

// Descriptors kept back for the day when there are no others (EMFILE, ENFILE). A connection left in
// a listener's queue would wake its loop for ever, so the reserve is opened: its descriptors become
// free, and until it could be taken back whatever is accepted is closed at once. None of them goes
// to a connection, so every worker can go on turning peers away and metrics can still be scraped,
// whose web server spins where accept() fails. Shared by all workers.
class DescriptorReserve {
 public:
  explicit DescriptorReserve(std::size_t size);

  // Ask after accept(): what was accepted meanwhile has one of the reserve's descriptors.
  [[nodiscard]] bool is_open() const noexcept { return open_.load(); }
  void open() noexcept;
  // True when it is closed again: all of it, and a few more, so that it is not wanted at once.
  bool take_back() noexcept;

 private:
  std::size_t size_;
  std::mutex mutex_;  // of the descriptors: several workers may run out at once
  std::vector<UniqueFd> fds_;
  std::atomic<bool> open_{false};  // set under the mutex, read by every worker's thread
};

}  // namespace closewait
