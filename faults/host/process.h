#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace closewait {

// A process as a fault needs to know it. A pid may be used again: with the instant at which it
// began, in clock ticks since boot, it is known for the same.
struct HostProcess {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;

  friend bool operator==(const HostProcess&, const HostProcess&) = default;
};

// What /proc/PID/stat says of it; nothing when it has ended.
struct HostProcessState {
  std::uint64_t start_ticks = 0;
  char letter = '?';  // 'T': stopped
};
[[nodiscard]] std::optional<HostProcessState> state_of(pid_t pid);

// The same process, and it lives.
[[nodiscard]] bool lives(const HostProcess& process);

// The numbers of its descriptors, in order; and how many they are, which Linux 6.2 and later say
// without being asked for each.
[[nodiscard]] Result<std::vector<std::uint64_t>> descriptors_of(pid_t pid);
[[nodiscard]] Result<std::uint64_t> count_descriptors(pid_t pid);

// Its soft limit of descriptors. An error of EPERM for another user's.
[[nodiscard]] Result<std::uint64_t> descriptor_limit(pid_t pid);
[[nodiscard]] error_code set_descriptor_limit(pid_t pid, std::uint64_t soft);

// CPUs by their numbers, as the kernel's masks have them.
struct CpuSet {
  std::array<std::uint64_t, 16> bits{};

  void add(int cpu) {
    bits.at(static_cast<std::size_t>(cpu) / 64) |= std::uint64_t{1} << (cpu % 64);
  }
  friend bool operator==(const CpuSet&, const CpuSet&) = default;
};
// Of a thread; an error of ESRCH when it has ended, of EPERM for another user's.
[[nodiscard]] Result<CpuSet> cpus_of(pid_t thread);
[[nodiscard]] error_code set_cpus(pid_t thread, const CpuSet& cpus);
// Of a process; none when it has ended.
[[nodiscard]] std::vector<pid_t> threads_of(pid_t pid);

// "pid 12 is of user 33, and the rig runs as user 1000".
[[nodiscard]] std::string whose(pid_t pid);

}  // namespace closewait
