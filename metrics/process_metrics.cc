#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>

namespace closewait {
namespace {

double seconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);  // these clocks are there on every kernel we run on
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);  // cannot fail with these arguments
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The numbers of /proc/self/stat after the program's name, which may have spaces and parentheses
// itself: the first one is field 3 of proc(5), the state, given as 0.
struct Stat {
  double threads = 0;        // field 20
  double start_seconds = 0;  // field 22, since the system's start
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  const std::vector<std::string> from_third{std::istream_iterator<std::string>(fields), {}};
  if (from_third.size() < 20) return std::nullopt;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return Stat{.threads = std::stod(from_third[20 - 3]),
              .start_seconds = std::stod(from_third[22 - 3]) / ticks};
}

// Once, since it would wander with every adjustment of the clock.
double start_time(const Stat& stat) {
  static const double start =
      seconds_of(CLOCK_REALTIME) - (seconds_of(CLOCK_BOOTTIME) - stat.start_seconds);
  return start;
}

std::optional<double> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  double count = -1;  // not the one that is open to look
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

MetricFamilies memory_families() {
  std::ifstream file("/proc/self/statm");
  double virtual_pages = 0;
  double resident_pages = 0;
  if (!(file >> virtual_pages >> resident_pages)) return {};
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return {
      gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
            resident_pages * page),
      gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", virtual_pages * page)};
}

}  // namespace

MetricFamilies process_families(const MetricLabels& labels) {
  MetricFamilies families{counter("process_cpu_seconds_total",
                                  "Total user and system CPU time spent in seconds.",
                                  cpu_seconds())};
  if (const auto open = open_descriptors()) {
    families.push_back(gauge("process_open_fds", "Number of open file descriptors.", *open));
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);  // cannot fail with these arguments
  families.push_back(gauge("process_max_fds", "Maximum number of open file descriptors.",
                           static_cast<double>(limit.rlim_cur)));
  append(families, memory_families());
  if (const auto stat = read_stat()) {
    families.push_back(gauge("process_start_time_seconds",
                             "Start time of the process since 1970 in seconds.",
                             start_time(*stat)));
    families.push_back(gauge("process_threads", "Number of threads.", stat->threads));
  }
  add_labels(families, labels);
  return families;
}

}  // namespace closewait
