#include "server/connections/descriptor_reserve.h"

#include <fcntl.h>

#include <utility>

namespace closewait {
namespace {

constexpr std::size_t kMore = 4;

// As many as there are, at most `count`.
std::vector<UniqueFd> open_descriptors(std::size_t count) {
  std::vector<UniqueFd> fds;
  fds.reserve(count);
  while (fds.size() < count) {
    UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd) break;
    fds.push_back(std::move(fd));
  }
  return fds;
}

}  // namespace

DescriptorReserve::DescriptorReserve(std::size_t size)
    : size_(size), fds_(open_descriptors(size)) {}

void DescriptorReserve::open() noexcept {
  const std::lock_guard lock(mutex_);
  open_ = true;  // before a single descriptor is free, so that nobody keeps one
  fds_.clear();
}

bool DescriptorReserve::take_back() noexcept {
  const std::lock_guard lock(mutex_);
  if (!open_) return true;
  auto fds = open_descriptors(size_ + kMore);
  if (fds.size() < size_ + kMore) return false;
  fds.resize(size_);
  fds_ = std::move(fds);
  open_ = false;
  return true;
}

}  // namespace closewait
