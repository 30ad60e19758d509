#include "server/counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

namespace closewait {

Counter& Counters::accept_error(int error) noexcept {
  // In the order of their names.
  constexpr std::array kTold{EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED};
  static_assert(kTold.size() + 1 == kAcceptErrorNames.size());
  const auto found = std::ranges::find(kTold, error) - kTold.begin();
  return accept_errors[static_cast<std::size_t>(found)];
}

void Totals::add(const Counters& counters, const Counter& stale) {
  // A connection is counted as accepted before it is as closed: read in the other order, there are
  // never more closed than accepted.
  for (std::size_t i = 0; i < closed.size(); ++i) closed[i] += counters.closed[i].value();
  accepted += counters.accepted.value();
  for (std::size_t i = 0; i < accept_errors.size(); ++i) {
    accept_errors[i] += counters.accept_errors[i].value();
  }
  turned_away += counters.turned_away.value();
  received_bytes += counters.received_bytes.value();
  sent_bytes += counters.sent_bytes.value();
  stale_events += stale.value();
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
