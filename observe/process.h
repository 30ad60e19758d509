#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "observe/proc_text.h"

namespace closewait {

// Looks into one process through /proc. Free functions, nothing is kept; any thread. A process
// that has ended gives ObserveError::kProcessEnded, one of another user kNotPermitted.

// Both readable for everybody. count_fds() is exact and costs microseconds on Linux 6.2 and later
// (the size that stat(2) gives for /proc/PID/fd), else it reads the directory.
[[nodiscard]] Result<ProcessStat> read_stat(pid_t pid);
[[nodiscard]] Result<ProcessStatus> read_status(pid_t pid);
[[nodiscard]] Result<std::uint64_t> count_fds(pid_t pid);

// Its soft limit of open files.
[[nodiscard]] Result<std::uint64_t> open_files_limit(pid_t pid);

// The rest wants the rights of ptrace: the same user, or CAP_SYS_PTRACE.

struct OpenFd {
  int fd = -1;
  FdLink link;
};
// One readlink(2) a descriptor: about 3 ms for 1,000.
[[nodiscard]] Result<std::vector<OpenFd>> list_fds(pid_t pid);
[[nodiscard]] Result<FdLink> look_at_fd(pid_t pid, int fd);

// The registrations of an epoll set. While the kernel prints them the owner's epoll_wait stalls,
// so never during a storm: reading 15,000 takes about 26 ms.
[[nodiscard]] Result<std::vector<EpollEntry>> read_epoll_entries(pid_t pid, int fd);

// "TCP", "TCPv6", "UNIX-STREAM", ...: told of a socket in no dump too. ENODATA-like errors for
// what is no socket.
[[nodiscard]] Result<std::string> socket_protocol(pid_t pid, int fd);

// What it keeps of the memory that it freed, in bytes: see parse_quarantine().
[[nodiscard]] Result<std::uint64_t> quarantine_bytes(pid_t pid);

// Which network namespace it is in: the inode of /proc/PID/ns/net.
[[nodiscard]] Result<std::uint64_t> network_namespace(pid_t pid);

// Reading /proc: a whole file, the names in a directory, the numeric names only.
[[nodiscard]] Result<std::string> read_proc_file(const std::string& path);
[[nodiscard]] Result<std::vector<std::int32_t>> list_numbers(const std::string& directory);

}  // namespace closewait
