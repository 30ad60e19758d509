#include "server/counting/totals.h"

#include <fmt/format.h>

#include <numeric>

namespace closewait {

void Totals::add(std::span<const WorkerCounters> workers) {
  for (const WorkerCounters& worker : workers) {
    const Counters& counters = worker.connections;
    // A connection is counted as accepted before it is as closed: read in the other order, there
    // are never more closed than accepted.
    for (std::size_t i = 0; i < closed.size(); ++i) closed[i] += counters.closed[i].value();
    accepted += counters.accepted.value();
    for (std::size_t i = 0; i < accept_errors.size(); ++i) {
      accept_errors[i] += counters.accept_errors[i].value();
    }
    turned_away += counters.turned_away.value();
    received_bytes += counters.received_bytes.value();
    sent_bytes += counters.sent_bytes.value();
    buffered_bytes += counters.buffered_bytes.value();
    stale_events += worker.loop.stale_events.value();
    worker.loop.batches.add_to(batches);
  }
}

void Totals::end_what_is_open() {
  closed[static_cast<std::size_t>(CloseReason::kShutdown)] += open();
  buffered_bytes = 0;
}

std::uint64_t Totals::open() const {
  return accepted - std::accumulate(closed.begin(), closed.end(), std::uint64_t{0});
}

std::string Totals::line() const {
  std::string line =
      fmt::format("accepted={} turned_away={} received_bytes={} sent_bytes={} stale_events={}",
                  accepted, turned_away, received_bytes, sent_bytes, stale_events);
  for (std::size_t i = 0; i < accept_errors.size(); ++i) {
    line += fmt::format(" accept_errors_{}={}", kAcceptErrorNames[i], accept_errors[i]);
  }
  for (std::size_t i = 0; i < closed.size(); ++i) {
    line += fmt::format(" closed_{}={}", kCloseReasonNames[i], closed[i]);
  }
  return line;
}

}  // namespace closewait
