#include "server/counter_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <utility>

#include "base/error.h"

namespace closewait {
namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "else it works in one process only");

[[noreturn]] void fail_for_counters(const char* what) {
  throw SetupError(std::string("cannot make memory for counters: ") + what + ": " +
                   describe(last_error()));
}

UniqueFd memory_for(std::size_t workers) {
  UniqueFd fd(::memfd_create("counters", MFD_CLOEXEC));
  if (!fd) fail_for_counters("memfd_create");
  if (::ftruncate(fd.get(), static_cast<off_t>(workers * sizeof(WorkerCounters))) != 0) {
    fail_for_counters("ftruncate");
  }
  return fd;
}

}  // namespace

CounterMemory::CounterMemory(std::size_t workers) : CounterMemory(memory_for(workers), workers) {}

CounterMemory::CounterMemory(UniqueFd fd, std::size_t workers) : fd_(std::move(fd)) {
  void* memory = ::mmap(nullptr, workers * sizeof(WorkerCounters), PROT_READ | PROT_WRITE,
                        MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) fail_for_counters("mmap");
  // Fresh memory is zero, and so are fresh counters: nothing is constructed in it, so that what is
  // there already stays.
  workers_ = {static_cast<WorkerCounters*>(memory), workers};
}

CounterMemory::~CounterMemory() { ::munmap(workers_.data(), workers_.size_bytes()); }

}  // namespace closewait
