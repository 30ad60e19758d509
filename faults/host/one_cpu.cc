#include "faults/host/one_cpu.h"

#include <fmt/format.h>

#include <cerrno>

#include "faults/host/process.h"

namespace closewait {
namespace {

// Some begin while others are moved: those are found by looking again.
constexpr int kMostRounds = 5;

}  // namespace

std::string OneCpu::keep(const std::vector<pid_t>& pids, int cpu) {
  CpuSet one{};
  one.add(cpu);
  bool moved = true;
  for (int round = 0; round < kMostRounds && moved; ++round) {
    moved = false;
    for (const pid_t pid : pids) {
      for (const pid_t thread : threads_of(pid)) {
        const auto state = state_of(thread);
        const auto before = cpus_of(thread);
        if (!state || !before || *before == one) continue;
        const Undo back{.what = Undo::What::kCpus,
                        .process = {thread, state->start_ticks},
                        .cpus = *before,
                        .our_cpus = one};
        if (const error_code error = moved_.promise(back)) {
          return "the guardian that would undo it is gone: " + describe(error);
        }
        const error_code error = set_cpus(thread, one);
        if (error == errno_error(EPERM)) {
          return fmt::format("{}: run it as that user, or grant CAP_SYS_NICE", whose(pid));
        }
        if (error && lives(back.process)) {
          return fmt::format("pid {}: sched_setaffinity: {}", thread, describe(error));
        }
        moved = true;
      }
    }
  }
  return "";
}

}  // namespace closewait
