#include "observe/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "base/unique_fd.h"
#include "observe/observe_error.h"

namespace closewait {
namespace {

// Enough for a target's epoll set of 4 million registrations.
constexpr std::size_t kFileLimit = 512U << 20;

std::string path_of(pid_t pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

std::string path_of_fd(pid_t pid, int fd) { return path_of(pid, "fd/") + std::to_string(fd); }

Result<FdLink> read_link(int directory, const char* name) {
  std::array<char, PATH_MAX> target{};
  const auto length = ::readlinkat(directory, name, target.data(), target.size());
  if (length < 0) return proc_error(errno);
  return parse_fd_link({target.data(), static_cast<std::size_t>(length)});
}

}  // namespace

Result<std::string> read_proc_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return proc_error(errno);
  constexpr std::size_t kFirstRead = 4096;
  std::string text(kFirstRead, '\0');
  std::size_t filled = 0;
  while (filled < kFileLimit) {
    if (filled == text.size()) text.resize(2 * text.size());
    const auto got = ::read(fd.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return proc_error(errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

Result<std::vector<std::int32_t>> list_numbers(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), &::closedir);
  if (handle == nullptr) return proc_error(errno);
  std::vector<std::int32_t> numbers;
  errno = 0;
  while (const dirent* entry = ::readdir(handle.get())) {
    const auto number = parse_pids(entry->d_name);
    if (!number.empty()) numbers.push_back(number.front());
  }
  if (errno != 0) return proc_error(errno);
  return numbers;
}

Result<ProcessStat> read_stat(pid_t pid) {
  const auto text = read_proc_file(path_of(pid, "stat"));
  if (!text) return text.error();
  const auto stat = parse_stat(*text);
  if (!stat) return error_code(ObserveError::kMalformed);
  return *stat;
}

Result<ProcessStatus> read_status(pid_t pid) {
  const auto text = read_proc_file(path_of(pid, "status"));
  if (!text) return text.error();
  const auto status = parse_status(*text);
  if (!status) return error_code(ObserveError::kMalformed);
  return *status;
}

Result<std::uint64_t> count_fds(pid_t pid) {
  struct stat information {};
  const auto directory = path_of(pid, "fd");
  if (::stat(directory.c_str(), &information) != 0) return proc_error(errno);
  if (information.st_size > 0) return static_cast<std::uint64_t>(information.st_size);
  const auto numbers = list_numbers(directory);
  if (!numbers) return numbers.error();
  return numbers->size();
}

Result<std::uint64_t> open_files_limit(pid_t pid) {
  const auto text = read_proc_file(path_of(pid, "limits"));
  if (!text) return text.error();
  const auto limit = parse_open_files_limit(*text);
  if (!limit) return error_code(ObserveError::kMalformed);
  return *limit;
}

Result<std::vector<OpenFd>> list_fds(pid_t pid) {
  const auto path = path_of(pid, "fd");
  const auto numbers = list_numbers(path);
  if (!numbers) return numbers.error();
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return proc_error(errno);
  std::vector<OpenFd> fds;
  fds.reserve(numbers->size());
  for (const int fd : *numbers) {
    const auto link = read_link(directory.get(), std::to_string(fd).c_str());
    if (link) {
      fds.push_back({fd, *link});
    } else if (link.error() != ObserveError::kProcessEnded) {  // here: closed meanwhile
      return link.error();
    }
  }
  return fds;
}

Result<FdLink> look_at_fd(pid_t pid, int fd) {
  return read_link(AT_FDCWD, path_of_fd(pid, fd).c_str());
}

Result<std::vector<EpollEntry>> read_epoll_entries(pid_t pid, int fd) {
  const auto text = read_proc_file(path_of(pid, "fdinfo/") + std::to_string(fd));
  if (!text) return text.error();
  return parse_epoll_entries(*text);
}

Result<std::string> socket_protocol(pid_t pid, int fd) {
  std::array<char, 64> name{};
  const auto path = path_of_fd(pid, fd);
  const auto length = ::getxattr(path.c_str(), "system.sockprotoname", name.data(), name.size());
  if (length < 0) return proc_error(errno);
  return std::string(name.data());  // the kernel counts the terminating zero in
}

Result<std::uint64_t> quarantine_bytes(pid_t pid) {
  const auto maps = read_proc_file(path_of(pid, "maps"));
  if (!maps) return maps.error();
  const auto environment = read_proc_file(path_of(pid, "environ"));
  if (!environment) return environment.error();
  return parse_quarantine(*maps, *environment);
}

Result<std::uint64_t> network_namespace(pid_t pid) {
  struct stat information {};
  if (::stat(path_of(pid, "ns/net").c_str(), &information) != 0) return proc_error(errno);
  return static_cast<std::uint64_t>(information.st_ino);
}

}  // namespace closewait
