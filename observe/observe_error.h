#pragma once

#include <type_traits>

#include "base/error.h"

namespace closewait {

// Why something could not be seen from outside, where errno alone would not tell.
enum class ObserveError {
  kProcessEnded = 1,  // normal: it ended between two looks
  kNotPermitted,      // the message says what to grant
  kNoListener,        // nothing listens at the address
  kHolderHidden,      // something listens, but its process cannot be looked into
  kInterrupted,       // a dump changed under the reader too many times
  kMalformed,         // the kernel's answer does not read as expected
};

[[nodiscard]] error_code make_error_code(ObserveError error) noexcept;

// The error of a failed look into /proc/PID: a missing file or process is kProcessEnded, a denied
// one kNotPermitted, the rest stays as errno.
[[nodiscard]] error_code proc_error(int errno_value) noexcept;

}  // namespace closewait

template <>
struct boost::system::is_error_code_enum<closewait::ObserveError> : std::true_type {};
