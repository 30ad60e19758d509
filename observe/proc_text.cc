#include "observe/proc_text.h"

#include <algorithm>

#include "observe/proc_words.h"

namespace closewait {
namespace {

constexpr std::uint64_t kKibibyte = 1024;

constexpr std::uint64_t kMebibyte = 1024 * kKibibyte;
constexpr std::uint64_t kDefaultQuarantine = 256 * kMebibyte;

// Its library, or, where it is linked in, the shadow of low memory where x86-64 has it.
bool has_address_sanitizer(std::string_view maps) {
  constexpr std::string_view kShadow = "7fff7000-";
  return maps.starts_with(kShadow) || maps.find("\n7fff7000-") != std::string_view::npos ||
         maps.find("/libasan.so") != std::string_view::npos ||
         maps.find("/libclang_rt.asan") != std::string_view::npos;
}

// The value of a variable in a block of NUL-terminated NAME=VALUE; "" without it.
std::string_view variable(std::string_view environment, std::string_view name) {
  while (!environment.empty()) {
    std::string_view one = environment.substr(0, environment.find('\0'));
    environment.remove_prefix(std::min(environment.size(), one.size() + 1));
    if (!one.starts_with(name) || one.size() == name.size() || one[name.size()] != '=') continue;
    return one.substr(name.size() + 1);
  }
  return {};
}

// The word after `key` in a line such as "tfd: 9 events: 19 pos:0".
template <class Number>
bool read_field(std::string_view line, std::string_view key, Number& number, int base) {
  const auto at = line.find(key);
  if (at == std::string_view::npos) return false;
  line.remove_prefix(at + key.size());
  return read_number(next_word(line), number, base);
}

}  // namespace

std::optional<ProcessStat> parse_stat(std::string_view text) {
  // The name may contain ") ", so it ends at the last parenthesis of the line.
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  ProcessStat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  text.remove_prefix(close + 1);

  constexpr int kFirstField = 3, kLastField = 22;  // numbered as in proc_pid_stat(5)
  std::uint64_t waited_user = 0, waited_system = 0;
  for (int field = kFirstField; field <= kLastField; ++field) {
    const std::string_view word = next_word(text);
    if (word.empty()) return std::nullopt;
    bool read = true;
    switch (field) {
      case 3:
        stat.state = word.front();
        break;
      case 4:
        read = read_number(word, stat.parent);
        break;
      case 14:
        read = read_number(word, stat.user_ticks);
        break;
      case 15:
        read = read_number(word, stat.system_ticks);
        break;
      case 16:
        read = read_number(word, waited_user);
        break;
      case 17:
        read = read_number(word, waited_system);
        break;
      case 20:
        read = read_number(word, stat.threads);
        break;
      case 22:
        read = read_number(word, stat.start_ticks);
        break;
      default:
        break;
    }
    if (!read) return std::nullopt;
  }
  stat.waited_ticks = waited_user + waited_system;
  return stat;
}

std::optional<ProcessStatus> parse_status(std::string_view text) {
  ProcessStatus status;
  bool has_uid = false;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view key = next_word(line);
    std::string_view value = next_word(line);
    std::uint64_t kibibytes = 0;
    if (key == "Uid:") {
      value = next_word(line);  // real, effective, saved, filesystem
      has_uid = read_number(value, status.uid);
    } else if (key == "VmRSS:" && read_number(value, kibibytes)) {
      status.rss_bytes = kibibytes * kKibibyte;
    } else if (key == "RssAnon:" && read_number(value, kibibytes)) {
      status.anon_bytes = kibibytes * kKibibyte;
    }
  }
  if (!has_uid) return std::nullopt;
  return status;
}

FdLink parse_fd_link(std::string_view target) {
  struct Row {
    std::string_view prefix;
    FdKind kind;
  };
  static constexpr std::array<Row, 8> kRows{{
      {"socket:[", FdKind::kSocket},
      {"pipe:[", FdKind::kPipe},
      {"anon_inode:[eventfd]", FdKind::kEventfd},
      {"anon_inode:[timerfd]", FdKind::kTimerfd},
      {"anon_inode:[signalfd]", FdKind::kSignalfd},
      {"anon_inode:[eventpoll]", FdKind::kEpoll},
      {"/memfd:", FdKind::kMemfd},
      {"/", FdKind::kFile},
  }};
  for (const Row& row : kRows) {
    if (!target.starts_with(row.prefix)) continue;
    FdLink link{row.kind, 0};
    if (row.kind != FdKind::kSocket && row.kind != FdKind::kPipe) return link;
    std::string_view inode = target.substr(row.prefix.size());
    if (!inode.ends_with(']')) return {};
    inode.remove_suffix(1);
    if (!read_number(inode, link.inode)) return {};
    return link;
  }
  return {};
}

std::vector<EpollEntry> parse_epoll_entries(std::string_view text) {
  std::vector<EpollEntry> entries;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    EpollEntry entry;
    if (!line.starts_with("tfd:") || !read_field(line, "tfd:", entry.tfd, 10)) continue;
    // A kernel that leaves the later fields out still has the registration.
    (void)read_field(line, "events:", entry.events, 16);
    (void)read_field(line, "data:", entry.data, 16);
    (void)read_field(line, "ino:", entry.inode, 16);
    (void)read_field(line, "sdev:", entry.device, 16);
    entries.push_back(entry);
  }
  return entries;
}

std::uint64_t parse_quarantine(std::string_view maps, std::string_view environment) {
  if (!has_address_sanitizer(maps)) return 0;
  constexpr std::string_view kKey = "quarantine_size_mb=";
  const std::string_view options = variable(environment, "ASAN_OPTIONS");
  const auto at = options.rfind(kKey);  // the last one counts
  if (at == std::string_view::npos) return kDefaultQuarantine;
  const std::string_view value = options.substr(at + kKey.size());
  std::uint64_t megabytes = 0;
  const auto digits = std::min(value.find_first_not_of("0123456789"), value.size());
  if (!read_number(value.substr(0, digits), megabytes)) return kDefaultQuarantine;
  return megabytes * kMebibyte;
}

std::optional<std::uint64_t> parse_open_files_limit(std::string_view limits) {
  constexpr std::string_view kRow = "Max open files";
  const auto at = limits.find(kRow);
  if (at == std::string_view::npos) return std::nullopt;
  limits.remove_prefix(at + kRow.size());
  const std::string_view soft = next_word(limits);
  if (soft == "unlimited") return UINT64_MAX;
  std::uint64_t limit = 0;
  if (!read_number(soft, limit)) return std::nullopt;
  return limit;
}

std::vector<std::int32_t> parse_pids(std::string_view text) {
  std::vector<std::int32_t> pids;
  for (auto word = next_word(text); !word.empty(); word = next_word(text)) {
    std::int32_t pid = 0;
    if (read_number(word, pid)) pids.push_back(pid);
  }
  return pids;
}

}  // namespace closewait
