#include "server/counting/counters.h"

#include <algorithm>
#include <cerrno>

namespace closewait {

Counter& Counters::accept_error(int error) noexcept {
  // In the order of their names.
  constexpr std::array kTold{EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED};
  static_assert(kTold.size() + 1 == kAcceptErrorNames.size());
  const auto found = std::ranges::find(kTold, error) - kTold.begin();
  return accept_errors[static_cast<std::size_t>(found)];
}

}  // namespace closewait
