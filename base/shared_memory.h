#pragma once

#include <cstddef>

namespace closewait {

// Memory of zeros that this process and every one it forks afterwards see alike. Owns this
// process' view of it. Pages that nobody touched cost nothing.
class SharedMemory {
 public:
  // Throws SetupError.
  explicit SharedMemory(std::size_t bytes);
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) = delete;
  ~SharedMemory();

  [[nodiscard]] void* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  void* data_;
  std::size_t size_;
};

}  // namespace closewait
