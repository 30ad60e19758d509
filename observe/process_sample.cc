#include "observe/process_sample.h"

#include <unistd.h>

#include "observe/observe_error.h"
#include "observe/process.h"

namespace closewait {
namespace {

double seconds_of(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// A child's time moves to its parent when it is waited for, so the sum does not fall when workers
// are replaced.
void add_process(pid_t pid, Sample& sample) {
  const auto stat = read_stat(pid);
  if (!stat || stat->has_ended()) return;
  ++sample.processes;
  sample.threads += stat->threads;
  sample.cpu_seconds += seconds_of(stat->user_ticks + stat->system_ticks + stat->waited_ticks);
  if (const auto status = read_status(pid)) {
    sample.rss_bytes += status->rss_bytes;
    sample.anon_bytes += status->anon_bytes;
  }
  if (const auto fds = count_fds(pid)) sample.fds += *fds;
}

}  // namespace

Result<Sample> sample_of(const std::vector<pid_t>& pids) {
  Sample sample;
  for (const pid_t pid : pids) add_process(pid, sample);
  if (sample.processes == 0) return error_code(ObserveError::kProcessEnded);
  return sample;
}

std::uint64_t quarantine_of(const std::vector<pid_t>& pids) {
  std::uint64_t bytes = 0;
  for (const pid_t pid : pids) {
    if (const auto kept = quarantine_bytes(pid)) bytes += *kept;
  }
  return bytes;
}

}  // namespace closewait
