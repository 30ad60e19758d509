#include "server/say.h"

#include <sys/uio.h>
#include <unistd.h>

#include <array>

namespace closewait {
namespace {

// iovec has no const; writev() does not write through it.
iovec piece(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

void say(std::string_view text) noexcept {
  // One call, so that the lines of several processes do not mix.
  const std::array line{piece("closewait-server: "), piece(text), piece("\n")};
  [[maybe_unused]] const auto size = ::writev(STDERR_FILENO, line.data(), line.size());
}

}  // namespace closewait
