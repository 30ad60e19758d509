#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace closewait {
namespace {

// As the system calls below have it, and as /proc has it when that is another pid namespace's.
constexpr pid_t kThisProcess = 0;

std::string proc_file(pid_t process, const std::string& name) {
  return "/proc/" + (process == kThisProcess ? "self" : std::to_string(process)) + "/" + name;
}

std::optional<double> seconds_of(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// From the process' clock, which needs no descriptor.
std::optional<double> cpu_seconds(pid_t process) {
  clockid_t clock = 0;
  if (::clock_getcpuclockid(process, &clock) != 0) return std::nullopt;
  return seconds_of(clock);
}

std::optional<double> open_descriptors(pid_t process) {
  std::error_code error;
  std::filesystem::directory_iterator entry(proc_file(process, "fd"), error);
  double count = process == kThisProcess ? -1 : 0;  // not the one that is open to look
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

std::optional<double> descriptor_limit(pid_t process) {
  rlimit limit{};
  if (::prlimit(process, RLIMIT_NOFILE, nullptr, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

double bytes_of(double pages) { return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)); }

std::optional<double> virtual_memory(pid_t process) {
  std::ifstream file(proc_file(process, "statm"));
  double all = 0;
  if (!(file >> all)) return std::nullopt;
  return bytes_of(all);
}

std::optional<double> resident_memory(pid_t process) {
  std::ifstream file(proc_file(process, "statm"));
  double all = 0;
  double resident = 0;
  if (!(file >> all >> resident)) return std::nullopt;
  return bytes_of(resident);
}

// A field of /proc/PID/stat by its number in proc(5), which is beyond that of the program's name
// (2). The name may have spaces and parentheses itself.
std::optional<double> stat_field(pid_t process, std::size_t number) {
  std::ifstream file(proc_file(process, "stat"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  const std::vector<std::string> from_third{std::istream_iterator<std::string>(fields), {}};
  if (from_third.size() <= number - 3) return std::nullopt;
  return std::stod(from_third[number - 3]);
}

std::optional<double> threads(pid_t process) { return stat_field(process, 20); }

// Once, since it would wander with every adjustment of the clock.
std::optional<double> start_time() {
  const auto ticks = stat_field(kThisProcess, 22);  // since the system's start
  if (!ticks) return std::nullopt;
  static const double start =
      *seconds_of(CLOCK_REALTIME) -
      (*seconds_of(CLOCK_BOOTTIME) - *ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
  return start;
}

// What is summed over processes: one row a family.
struct Summed {
  const char* name;
  const char* help;
  prometheus::MetricFamily (*make)(std::string name, std::string help, double value);
  std::optional<double> (*read)(pid_t process);
};
constexpr std::array kSummed{
    Summed{"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", counter,
           cpu_seconds},
    Summed{"process_open_fds", "Number of open file descriptors.", gauge, open_descriptors},
    Summed{"process_max_fds", "Maximum number of open file descriptors.", gauge, descriptor_limit},
    Summed{"process_resident_memory_bytes", "Resident memory size in bytes.", gauge,
           resident_memory},
    Summed{"process_virtual_memory_bytes", "Virtual memory size in bytes.", gauge, virtual_memory},
    Summed{"process_threads", "Number of threads.", gauge, threads},
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Of the children that have ended and were waited for.
double cpu_seconds_of_the_ended() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);  // fails for no process of itself
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// `past` is the CPU time of processes that are no more.
MetricFamilies families_of(std::span<const pid_t> children, double past) {
  MetricFamilies families;
  for (const Summed& each : kSummed) {
    auto sum = each.read(kThisProcess);
    if (!sum) continue;
    for (const pid_t child : children) *sum += each.read(child).value_or(0);
    if (each.read == cpu_seconds) *sum += past;
    families.push_back(each.make(each.name, each.help, *sum));
  }
  if (const auto start = start_time()) {
    families.push_back(gauge("process_start_time_seconds",
                             "Start time of the process since 1970 in seconds.", *start));
  }
  return families;
}

}  // namespace

MetricFamilies process_families(const MetricLabels& labels) {
  MetricFamilies families = families_of({}, 0);
  add_labels(families, labels);
  return families;
}

MetricFamilies process_families_with(std::span<const pid_t> children) {
  return families_of(children, cpu_seconds_of_the_ended());
}

}  // namespace closewait
