#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "observe/process.h"

namespace closewait {

// The descriptors of one process, as list_fds() gives them.
struct ProcessFds {
  pid_t pid = 0;
  std::vector<OpenFd> fds;
};

struct EpollSets {
  std::uint64_t registrations = 0;
  // Of these, ghosts: the descriptor by which it was added is closed, or is of another file now,
  // in every one of the processes; something else keeps the file open (dup, fork, SCM_RIGHTS), and
  // with it the registration.
  std::uint64_t ghosts = 0;
};

// What the epoll sets of these processes hold. A ghost is one at a second look too, so what comes
// and goes meanwhile is none. Where inodes cannot tell (all eventfds share one), kcmp(2) does;
// where that is not allowed, such a one counts as none. Stalls the owners' epoll_wait, as
// read_epoll_entries() does.
[[nodiscard]] EpollSets look_at_epoll_sets(const std::vector<ProcessFds>& processes);

}  // namespace closewait
