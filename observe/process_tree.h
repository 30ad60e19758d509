#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <vector>

#include "base/error.h"

namespace closewait {

// Who belongs to whom. Free functions over /proc, nothing is kept; any thread. Processes that
// start or end meanwhile may or may not be in the answer.

// The processes that `pid` has started and that live; nobody when it has ended.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);

// How many of their children have ended and were not waited for.
[[nodiscard]] std::uint64_t count_zombies(const std::vector<pid_t>& parents);

// The roots that live, and all that they started, each once: a root before its children. At most
// 4096 processes.
[[nodiscard]] std::vector<pid_t> with_descendants(const std::vector<pid_t>& roots);

// The inodes of the sockets that the processes' descriptors stand for. A process that has ended
// holds nothing; ObserveError::kNotPermitted when one cannot be looked into.
[[nodiscard]] Result<std::set<std::uint64_t>> socket_inodes_of(const std::vector<pid_t>& pids);

// Who holds a socket. `all_seen` is false when some process could not be looked into.
struct Holders {
  std::vector<pid_t> pids;
  bool all_seen = true;
};
// Looks at every descriptor of every process: tens of milliseconds.
[[nodiscard]] Holders holders_of(const std::set<std::uint64_t>& socket_inodes);

}  // namespace closewait
