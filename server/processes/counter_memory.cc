#include "server/processes/counter_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace closewait {
namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "else it works in one process only");

[[noreturn]] void fail_for_counters(const char* what) {
  throw SetupError(std::string("cannot make memory for counters: ") + what + ": " +
                   describe(last_error()));
}

// Of all names and sizes (FNV-1a): another order, or one more, is another layout.
constexpr std::uint64_t layout() {
  std::uint64_t hash = 14695981039346656037U;
  const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 1099511628211U; };
  mix(sizeof(WorkerCounters));
  for (const std::string_view name : kCloseReasonNames) {
    for (const char c : name) mix(static_cast<unsigned char>(c));
    mix(0);
  }
  for (const std::string_view name : kAcceptErrorNames) {
    for (const char c : name) mix(static_cast<unsigned char>(c));
    mix(0);
  }
  return hash;
}

}  // namespace

struct alignas(64) CounterMemory::Header {
  std::uint64_t layout;
};

CounterMemory::CounterMemory(std::size_t workers)
    : CounterMemory(UniqueFd(::memfd_create("counters", MFD_CLOEXEC)), workers, Origin::kNew) {}

CounterMemory::CounterMemory(UniqueFd fd, std::size_t workers)
    : CounterMemory(std::move(fd), workers, Origin::kAnother) {}

CounterMemory::CounterMemory(UniqueFd fd, std::size_t workers, Origin origin)
    : fd_(std::move(fd)), size_(sizeof(Header) + workers * sizeof(WorkerCounters)) {
  if (!fd_) fail_for_counters("memfd_create");
  struct stat file {};
  if (origin == Origin::kNew && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) {
    fail_for_counters("ftruncate");
  }
  if (::fstat(fd_.get(), &file) != 0) fail_for_counters("fstat");
  void* memory = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) fail_for_counters("mmap");
  header_ = static_cast<Header*>(memory);
  if (origin == Origin::kNew) header_->layout = layout();
  // The header is within the first page, which there is when the file is not empty.
  if (file.st_size != static_cast<off_t>(size_) || header_->layout != layout()) {
    ::munmap(memory, size_);
    throw SetupError(
        "the process that started this one is of another version and counts otherwise;"
        " end it and start anew");
  }
  // Fresh memory is zero, and so are fresh counters: nothing is constructed in it, so that what is
  // there already stays.
  workers_ = {reinterpret_cast<WorkerCounters*>(header_ + 1), workers};
}

CounterMemory::~CounterMemory() { ::munmap(header_, size_); }

}  // namespace closewait
