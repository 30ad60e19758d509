#pragma once

#include <cstddef>
#include <span>

#include "base/unique_fd.h"
#include "server/counters.h"
#include "server/loop_counters.h"

namespace closewait {

// What one worker has done so far: written by its thread, read by any, in any process.
struct WorkerCounters {
  Counters connections;
  LoopCounters loop;
};

// The counters of one process' workers, in memory that another process can map: what a process had
// counted is still there when it has ended, however it did. Owns the memory and its descriptor.
class CounterMemory {
 public:
  // All zero. Throws SetupError.
  explicit CounterMemory(std::size_t workers);
  // Maps what another process has made for as many workers. Throws SetupError.
  CounterMemory(UniqueFd fd, std::size_t workers);
  CounterMemory(const CounterMemory&) = delete;
  CounterMemory& operator=(const CounterMemory&) = delete;
  ~CounterMemory();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::span<WorkerCounters> workers() noexcept { return workers_; }
  [[nodiscard]] std::span<const WorkerCounters> workers() const noexcept { return workers_; }

 private:
  UniqueFd fd_;
  std::span<WorkerCounters> workers_;
};

}  // namespace closewait
