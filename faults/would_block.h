#pragma once

#include <cerrno>

namespace closewait {

// Of a system call on a socket that does not block: not now.
[[nodiscard]] inline bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace closewait
