#include "loadgen/spread.h"

#include <string>

#include "base/error.h"

namespace closewait {
namespace {

constexpr std::uint64_t kReserved = 64;
constexpr std::uint64_t kReservedForWorker = 8;

std::uint64_t divided_up(std::uint64_t value, std::uint64_t by) { return (value + by - 1) / by; }

}  // namespace

std::uint64_t Spread::open_each(std::uint64_t open_at_most) const {
  return divided_up(open_at_most, workers()) * workers_each;
}

std::uint64_t reserved_files(std::size_t workers) {
  return kReserved + kReservedForWorker * workers;
}

Spread spread_over_processes(const LoadSpec& load, std::uint64_t open_files) {
  for (std::size_t processes = 1; processes <= kMostProcesses; ++processes) {
    const Spread spread{processes, divided_up(load.workers, processes)};
    const std::uint64_t reserved = reserved_files(spread.workers_each);
    if (reserved >= open_files) continue;
    if (spread.open_each(load.open_at_most) <= open_files - reserved) return spread;
  }
  throw UsageError("load.open_at_most: " + std::to_string(load.open_at_most) +
                   " connections do not fit into " + std::to_string(kMostProcesses) +
                   " processes that may open " + std::to_string(open_files) +
                   " descriptors each; lower it, or raise the hard limit of open files"
                   " (ulimit -Hn)");
}

}  // namespace closewait
