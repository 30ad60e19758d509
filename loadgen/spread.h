#pragma once

#include <cstddef>
#include <cstdint>

#include "loadgen/scenario.h"

namespace closewait {

// How a load is spread over processes of the rig, so that each has descriptors enough for its share
// of `open_at_most`. Every process has as many workers.
struct Spread {
  std::size_t processes = 1;
  std::size_t workers_each = 1;

  [[nodiscard]] std::size_t workers() const { return processes * workers_each; }
  // The most connections that one of the processes has open.
  [[nodiscard]] std::uint64_t open_each(std::uint64_t open_at_most) const;

  friend bool operator==(const Spread&, const Spread&) = default;
};

inline constexpr std::size_t kMostProcesses = 256;

// What a process needs beside its connections: the record, the looks at the target, the metrics'
// scrapers, and what each worker waits with.
[[nodiscard]] std::uint64_t reserved_files(std::size_t workers);

// As few processes as can be, each of which may open `open_files` descriptors. Throws UsageError
// when kMostProcesses are not enough.
[[nodiscard]] Spread spread_over_processes(const LoadSpec& load, std::uint64_t open_files);

}  // namespace closewait
