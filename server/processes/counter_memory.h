#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/unique_fd.h"
#include "server/counting/counters.h"
#include "server/loop/loop_counters.h"

namespace closewait {

// What one worker has done so far: written by its thread, read by any, in any process.
struct WorkerCounters {
  Counters connections;
  LoopCounters loop;
};

// The counters of one process' workers, in memory that another process can map: what a process had
// counted is still there when it has ended, however it did. Owns the memory and its descriptor. It
// begins with what tells one layout of the counters from another: processes that share it may be
// of two versions of this program.
class CounterMemory {
 public:
  // All zero. Throws SetupError.
  explicit CounterMemory(std::size_t workers);
  // Maps what another process has made for as many workers. Throws SetupError, also when its
  // counters are others than ours.
  CounterMemory(UniqueFd fd, std::size_t workers);
  CounterMemory(const CounterMemory&) = delete;
  CounterMemory& operator=(const CounterMemory&) = delete;
  ~CounterMemory();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::span<WorkerCounters> workers() noexcept { return workers_; }
  [[nodiscard]] std::span<const WorkerCounters> workers() const noexcept { return workers_; }

 private:
  struct Header;
  enum class Origin : std::uint8_t { kNew, kAnother };

  CounterMemory(UniqueFd fd, std::size_t workers, Origin origin);

  UniqueFd fd_;
  std::size_t size_;
  Header* header_ = nullptr;
  std::span<WorkerCounters> workers_;
};

}  // namespace closewait
