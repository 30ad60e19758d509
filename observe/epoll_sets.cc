#include "observe/epoll_sets.h"

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <unordered_map>
#include <utility>

namespace closewait {
namespace {

// A registration: where it is, and which of those under the same number.
struct Suspect {
  pid_t pid = 0;
  int set = -1;
  EpollEntry entry;
  std::uint32_t nth = 0;
};

// Whether the open file of a registration is that of the descriptor with the same number, asked of
// the kernel. True where that is not allowed.
bool is_same_file(const Suspect& suspect) {
  kcmp_epoll_slot slot{.efd = static_cast<std::uint32_t>(suspect.set),
                       .tfd = static_cast<std::uint32_t>(suspect.entry.tfd),
                       .toff = suspect.nth};
  const long result = ::syscall(SYS_kcmp, suspect.pid, suspect.pid, KCMP_EPOLL_TFD,
                                static_cast<unsigned long>(suspect.entry.tfd), &slot);
  // EBADF: the number is closed by now.
  return result == 0 || (result < 0 && errno != EBADF);
}

// Of one process, by number.
struct FdTable {
  explicit FdTable(const ProcessFds& process) : pid(process.pid) {
    for (const OpenFd& each : process.fds) links.emplace(each.fd, each.link);
  }
  // Whether it has the descriptor by which the registration was added.
  [[nodiscard]] bool has(const Suspect& suspect) const {
    const auto found = links.find(suspect.entry.tfd);
    if (found == links.end()) return false;
    const FdLink& link = found->second;
    if (link.inode != 0) return link.inode == suspect.entry.inode;
    return pid != suspect.pid || is_same_file(suspect);
  }

  pid_t pid;
  std::unordered_map<int, FdLink> links;
};

struct Found {
  std::uint64_t registrations = 0;
  std::vector<Suspect> ghosts;
};

Found look_once(const std::vector<ProcessFds>& processes) {
  Found found;
  const std::vector<FdTable> tables(processes.begin(), processes.end());
  for (const ProcessFds& process : processes) {
    for (const OpenFd& each : process.fds) {
      if (each.link.kind != FdKind::kEpoll) continue;
      const auto entries = read_epoll_entries(process.pid, each.fd);
      if (!entries) continue;
      found.registrations += entries->size();
      std::map<int, std::uint32_t> seen;
      for (const EpollEntry& entry : *entries) {
        const Suspect suspect{process.pid, each.fd, entry, seen[entry.tfd]++};
        const bool is_held = std::ranges::any_of(
            tables, [&suspect](const FdTable& table) { return table.has(suspect); });
        if (!is_held) found.ghosts.push_back(suspect);
      }
    }
  }
  return found;
}

}  // namespace

EpollSets look_at_epoll_sets(const std::vector<ProcessFds>& processes) {
  const Found first = look_once(processes);
  if (first.ghosts.empty()) return {.registrations = first.registrations};
  std::vector<ProcessFds> now;
  for (const ProcessFds& process : processes) {
    if (auto fds = list_fds(process.pid)) now.push_back({process.pid, std::move(*fds)});
  }
  const Found second = look_once(now);
  EpollSets sets{.registrations = second.registrations};
  for (const Suspect& each : second.ghosts) {
    const auto is_it = [&](const Suspect& before) {
      return before.pid == each.pid && before.set == each.set &&
             before.entry.tfd == each.entry.tfd && before.entry.inode == each.entry.inode;
    };
    if (std::ranges::any_of(first.ghosts, is_it)) ++sets.ghosts;
  }
  return sets;
}

}  // namespace closewait
