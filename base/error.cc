#include "base/error.h"

#include <string.h>  // strerrorname_np is no part of <cstring>

#include <cerrno>

namespace closewait {

error_code errno_error(int value) noexcept { return {value, boost::system::system_category()}; }

error_code last_error() noexcept { return errno_error(errno); }

std::string errno_name(int value) {
  const char* name = strerrorname_np(value);
  return name != nullptr ? name : "errno " + std::to_string(value);
}

std::string describe(error_code error) {
  if (error.category() != boost::system::system_category() &&
      error.category() != boost::system::generic_category()) {
    return error.message();
  }
  return error.message() + " (" + errno_name(error.value()) + ")";
}

}  // namespace closewait
