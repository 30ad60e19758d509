#include "faults/host/process.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string_view>

namespace closewait {

// The name in it may hold anything, blanks and parentheses too; what follows is counted from its
// end: the state, and 19 fields later the start (proc(5)).
std::optional<HostProcessState> state_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(") ");
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 2));
  HostProcessState state;
  fields >> state.letter;
  constexpr int kBetween = 18;
  std::string skipped;
  for (int i = 0; i < kBetween; ++i) fields >> skipped;
  if (!(fields >> state.start_ticks)) return {};
  const bool ended = state.letter == 'Z' || state.letter == 'X' || state.letter == 'x';
  if (ended) return {};
  return state;
}

bool lives(const HostProcess& process) {
  const auto state = state_of(process.pid);
  return state && state->start_ticks == process.start_ticks;
}

namespace {

// Those entries of a folder that are numbers, in order.
Result<std::vector<std::uint64_t>> numbers_in(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return last_error();
  std::vector<std::uint64_t> numbers;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.begin(), name.end(), number);
    if (error == std::errc{} && end == name.end()) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

Result<std::vector<std::uint64_t>> descriptors_of(pid_t pid) {
  return numbers_in(fmt::format("/proc/{}/fd", pid));
}

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  const auto numbers = numbers_in(fmt::format("/proc/{}/task", pid));
  if (!numbers) return threads;
  for (const std::uint64_t number : *numbers) threads.push_back(static_cast<pid_t>(number));
  return threads;
}

Result<CpuSet> cpus_of(pid_t thread) {
  cpu_set_t mask{};
  if (::sched_getaffinity(thread, sizeof(mask), &mask) != 0) return last_error();
  return std::bit_cast<CpuSet>(mask);
}

error_code set_cpus(pid_t thread, const CpuSet& cpus) {
  const auto mask = std::bit_cast<cpu_set_t>(cpus);
  return ::sched_setaffinity(thread, sizeof(mask), &mask) == 0 ? error_code{} : last_error();
}

Result<std::uint64_t> count_descriptors(pid_t pid) {
  struct stat about {};
  if (::stat(fmt::format("/proc/{}/fd", pid).c_str(), &about) != 0) return last_error();
  if (about.st_size > 0) return static_cast<std::uint64_t>(about.st_size);
  const auto numbers = descriptors_of(pid);
  if (!numbers) return numbers.error();
  return numbers->size();
}

Result<std::uint64_t> descriptor_limit(pid_t pid) {
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) != 0) return last_error();
  return limit.rlim_cur;
}

error_code set_descriptor_limit(pid_t pid, std::uint64_t soft) {
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) != 0) return last_error();
  limit.rlim_cur = soft;
  return ::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) != 0 ? last_error() : error_code{};
}

std::string whose(pid_t pid) {
  struct stat about {};
  const bool known = ::stat(fmt::format("/proc/{}", pid).c_str(), &about) == 0;
  return fmt::format("pid {} is of user {}, and the rig runs as user {}", pid,
                     known ? std::to_string(about.st_uid) : "?", ::geteuid());
}

}  // namespace closewait
