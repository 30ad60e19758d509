#pragma once

#include <cstdint>

namespace closewait {

// How many descriptors this process could have open: the hard limit.
[[nodiscard]] std::uint64_t most_open_files();

// Raises the soft limit of open files to the hard one, which cannot be raised, and says what the
// limit is now.
std::uint64_t raise_open_files();

// Gives this process the limit that it had before the first call of raise_open_files(): for a child
// that is to have what its parent was given. Safe between fork and exec.
void restore_open_files();

}  // namespace closewait
