#include "observe/process_tree.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "observe/observe_error.h"
#include "observe/process.h"

namespace closewait {
namespace {

constexpr std::size_t kProcessLimit = 4096;

// Kernels without CONFIG_PROC_CHILDREN tell of parents only.
bool kernel_lists_children() {
  static const bool lists = ::access("/proc/thread-self/children", R_OK) == 0;
  return lists;
}

// A process, and whether it has ended and was not waited for (a zombie).
struct Child {
  pid_t pid = 0;
  bool has_ended = false;
};

std::vector<Child> by_parents(pid_t pid) {
  std::vector<Child> children;
  const auto all = list_numbers("/proc");
  if (!all) return children;
  for (const pid_t each : *all) {
    const auto stat = read_stat(each);
    if (stat && stat->parent == pid) children.push_back({each, stat->has_ended()});
  }
  return children;
}

std::vector<Child> started_by(pid_t pid) {
  if (!kernel_lists_children()) return by_parents(pid);
  std::vector<Child> children;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  const auto threads = list_numbers(tasks);
  if (!threads) return children;
  for (const pid_t thread : *threads) {
    const auto text = read_proc_file(tasks + "/" + std::to_string(thread) + "/children");
    if (!text) continue;  // the thread has ended
    for (const pid_t child : parse_pids(*text)) {
      if (const auto stat = read_stat(child)) children.push_back({child, stat->has_ended()});
    }
  }
  return children;
}

}  // namespace

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const Child& each : started_by(pid)) {
    if (!each.has_ended) children.push_back(each.pid);
  }
  return children;
}

std::uint64_t count_zombies(const std::vector<pid_t>& parents) {
  std::uint64_t zombies = 0;
  for (const pid_t each : parents) {
    const auto children = started_by(each);
    zombies += static_cast<std::uint64_t>(std::ranges::count(children, true, &Child::has_ended));
  }
  return zombies;
}

std::vector<pid_t> with_descendants(const std::vector<pid_t>& roots) {
  std::vector<pid_t> tree;
  const auto add = [&tree](pid_t pid) {
    const bool known = std::find(tree.begin(), tree.end(), pid) != tree.end();
    if (!known && tree.size() < kProcessLimit) tree.push_back(pid);
  };
  for (const pid_t root : roots) {
    const auto stat = read_stat(root);
    if (stat && !stat->has_ended()) add(root);
  }
  // The list grows while it is walked, until nobody new is found.
  for (std::size_t i = 0; i < tree.size(); ++i) {
    for (const pid_t child : children_of(tree[i])) add(child);
  }
  return tree;
}

Result<std::set<std::uint64_t>> socket_inodes_of(const std::vector<pid_t>& pids) {
  std::set<std::uint64_t> inodes;
  for (const pid_t pid : pids) {
    const auto fds = list_fds(pid);
    if (!fds && fds.error() == ObserveError::kProcessEnded) continue;
    if (!fds) return fds.error();
    for (const OpenFd& each : *fds) {
      if (each.link.kind == FdKind::kSocket) inodes.insert(each.link.inode);
    }
  }
  return inodes;
}

Holders holders_of(const std::set<std::uint64_t>& socket_inodes) {
  Holders holders;
  const auto all = list_numbers("/proc");
  if (!all) return {{}, false};
  for (const pid_t pid : *all) {
    const auto fds = list_fds(pid);
    if (!fds) {
      if (fds.error() == ObserveError::kNotPermitted) holders.all_seen = false;
      continue;
    }
    const bool holds = std::any_of(fds->begin(), fds->end(), [&](const OpenFd& each) {
      return each.link.kind == FdKind::kSocket && socket_inodes.contains(each.link.inode);
    });
    if (holds) holders.pids.push_back(pid);
  }
  return holders;
}

}  // namespace closewait
