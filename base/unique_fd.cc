#include "base/unique_fd.h"

#include <unistd.h>

#include <cerrno>

namespace closewait {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void UniqueFd::reset() noexcept {
  if (fd_ < 0) return;
  const int saved_errno = errno;
  ::close(release());
  errno = saved_errno;
}

}  // namespace closewait
