#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace closewait {

// Pure readers of what /proc/PID holds (proc(5)): text in, a struct out, nothing for text that
// does not read as expected. Who reads the files is observe/process.h.

// /proc/PID/stat. Times are in clock ticks (sysconf(_SC_CLK_TCK)).
struct ProcessStat {
  std::string name;  // comm: up to 15 bytes, may hold blanks and parentheses
  char state = '?';
  std::int32_t parent = 0;
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t waited_ticks = 0;  // user and system of children that were waited for
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot: with the pid, the identity of a process

  // A zombie holds nothing any more.
  [[nodiscard]] bool has_ended() const { return state == 'Z' || state == 'X' || state == 'x'; }
};
[[nodiscard]] std::optional<ProcessStat> parse_stat(std::string_view text);

// /proc/PID/status. A zombie and a kernel thread have no memory lines: 0.
struct ProcessStatus {
  std::uint32_t uid = 0;  // effective
  std::uint64_t rss_bytes = 0;
  std::uint64_t anon_bytes = 0;
};
[[nodiscard]] std::optional<ProcessStatus> parse_status(std::string_view text);

enum class FdKind : std::uint8_t {
  kSocket,
  kPipe,
  kFile,
  kEventfd,
  kTimerfd,
  kSignalfd,
  kEpoll,
  kMemfd,
  kOther,
};
inline constexpr std::array<std::string_view, 9> kFdKindNames{
    "socket", "pipe", "file", "eventfd", "timerfd", "signalfd", "epoll", "memfd", "other"};

[[nodiscard]] constexpr std::string_view name_of(FdKind kind) {
  return kFdKindNames[static_cast<std::size_t>(kind)];
}

// What a link of /proc/PID/fd points to. `inode` is of sockets and pipes, else 0.
struct FdLink {
  FdKind kind = FdKind::kOther;
  std::uint64_t inode = 0;
};
[[nodiscard]] FdLink parse_fd_link(std::string_view target);

// One `tfd` line of /proc/PID/fdinfo/EPFD: a registration in an epoll set.
struct EpollEntry {
  int tfd = -1;              // the number under which it was added
  std::uint32_t events = 0;  // the mask, EPOLLERR | EPOLLHUP included
  std::uint64_t data = 0;    // epoll_event.data as the process gave it
  std::uint64_t inode = 0;   // of the open file, which may have outlived the number
  std::uint64_t device = 0;
};
[[nodiscard]] std::vector<EpollEntry> parse_epoll_entries(std::string_view text);

// What a program keeps of the memory that it freed, from /proc/PID/maps and /proc/PID/environ: the
// quarantine of AddressSanitizer, in bytes, of the size that ASAN_OPTIONS or the default gives it.
// 0 without AddressSanitizer. It grows like a leak until it is full.
[[nodiscard]] std::uint64_t parse_quarantine(std::string_view maps, std::string_view environment);

// How many files it may have open, by /proc/PID/limits: the soft limit; UINT64_MAX for "unlimited".
[[nodiscard]] std::optional<std::uint64_t> parse_open_files_limit(std::string_view limits);

// /proc/PID/task/TID/children: pids separated by blanks.
[[nodiscard]] std::vector<std::int32_t> parse_pids(std::string_view text);

}  // namespace closewait
