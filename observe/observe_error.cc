#include "observe/observe_error.h"

#include <cerrno>
#include <string>

namespace closewait {
namespace {

class ObserveCategory : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "observe"; }

  std::string message(int value) const override {
    switch (static_cast<ObserveError>(value)) {
      case ObserveError::kProcessEnded:
        return "the process has ended";
      case ObserveError::kNotPermitted:
        return "not permitted to look into the target's process: run as the same user as the "
               "target, or grant CAP_SYS_PTRACE";
      case ObserveError::kNoListener:
        return "nothing listens at this address in this network namespace";
      case ObserveError::kHolderHidden:
        return "something listens at this address, but no process that could be looked into "
               "holds the socket: run as the same user as the target, grant CAP_SYS_PTRACE, or "
               "share its pid namespace";
      case ObserveError::kInterrupted:
        return "the socket tables changed during every attempt to dump them";
      case ObserveError::kMalformed:
        return "the kernel's answer could not be read";
    }
    return "unknown observe error";
  }
};

}  // namespace

error_code make_error_code(ObserveError error) noexcept {
  static const ObserveCategory category;
  return {static_cast<int>(error), category};
}

error_code proc_error(int errno_value) noexcept {
  switch (errno_value) {
    case ENOENT:
    case ESRCH:
      return ObserveError::kProcessEnded;
    case EACCES:
    case EPERM:
      return ObserveError::kNotPermitted;
    default:
      return errno_error(errno_value);
  }
}

}  // namespace closewait
