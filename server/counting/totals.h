#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/histogram.h"
#include "server/processes/counter_memory.h"

namespace closewait {

// What several workers have done together: what a server tells at its end and through its metrics.
struct Totals {
  std::uint64_t accepted = 0;
  std::array<std::uint64_t, kAcceptErrorNames.size()> accept_errors{};
  std::uint64_t turned_away = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t buffered_bytes = 0;
  std::array<std::uint64_t, kCloseReasonNames.size()> closed{};
  std::uint64_t stale_events = 0;
  Histogram batches;  // LoopCounters

  void add(std::span<const WorkerCounters> workers);
  // Counts what is open as shut down: of processes that are no more.
  void end_what_is_open();
  // Accepted and not closed.
  [[nodiscard]] std::uint64_t open() const;
  // "accepted=3 ... closed_peer_closed=2 ...": every one, always.
  [[nodiscard]] std::string line() const;
};

}  // namespace closewait
