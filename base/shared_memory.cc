#include "base/shared_memory.h"

#include <sys/mman.h>

#include <utility>

#include "base/error.h"

namespace closewait {

SharedMemory::SharedMemory(std::size_t bytes)
    : data_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
      size_(bytes) {
  if (data_ == MAP_FAILED) {
    throw SetupError("cannot share " + std::to_string(bytes) +
                     " bytes of memory: mmap: " + describe(last_error()));
  }
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace closewait
