#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "record/outcome.h"

namespace closewait {

// Until when a target that promises to end silent connections after `promised` has done so: a tenth
// more than that, and a second.
[[nodiscard]] constexpr Nanoseconds latest_end(Nanoseconds promised) {
  return promised + promised / 10 + std::chrono::seconds(1);
}

// What was counted of the clients of one behaviour.
// planned = skipped + opened + refused + rig_errors; opened = delivered + preempted + timed_out
// + cut once all of them have ended; wrong is part of delivered.
struct ClientCounts {
  std::uint64_t planned = 0;     // arrivals of the plan so far
  std::uint64_t skipped = 0;     // not tried: open_at_most was reached, or the phase was over
  std::uint64_t opened = 0;      // connected
  std::uint64_t rig_errors = 0;  // the rig's own: no port, no descriptor
  std::array<std::uint64_t, kOutcomes> outcomes{};
  std::uint64_t wrong = 0;  // delivered, but with other bytes or another status than owed
  // What became of the responses that were owed, whatever became of the client:
  std::uint64_t altered = 0;       // other bytes came
  std::uint64_t other_status = 0;  // a whole one came, of another status
  std::uint64_t truncated = 0;     // the target ended it in its middle
  std::uint64_t unanswered = 0;    // ended without a byte, or waited in vain for half its time
  // Of polite ones: ended by the target without a word, though nothing was owed any more.
  std::uint64_t innocent_closed = 0;
  std::uint64_t outstayed = 0;  // silent for longer than latest_end() of the promise
  std::uint64_t intended = 0;   // ends (a reset, a FIN) that the rig carried out
  std::uint64_t confirmed = 0;  // of those, proven: TCP_INFO, SO_LINGER read back, return codes

  [[nodiscard]] std::uint64_t of(Outcome outcome) const { return outcomes[index_of(outcome)]; }
  // The share of all tried that did not get what was theirs:
  // (refused + preempted + timed_out + cut + wrong) / (opened + refused); 0 when none was tried.
  [[nodiscard]] double failed_ratio() const;

  ClientCounts& operator+=(const ClientCounts& other);
  // Of a part of them.
  ClientCounts& operator-=(const ClientCounts& part);

  friend bool operator==(const ClientCounts&, const ClientCounts&) = default;
};

// One connection that did not get the response it was owed.
struct ResponseExample {
  std::uint64_t connection = 0;  // its number
  std::uint64_t offset = 0;      // of the response: where it differs, or how much of it came

  friend bool operator==(const ResponseExample&, const ResponseExample&) = default;
};

// Counts and durations of one behaviour. connect runs from the actual start, response from the
// planned instant to the last byte (a time-out counts at its deadline), reap from the client's
// end to the destruction of the target's socket (0 when that came first).
struct ClientTally {
  ClientCounts counts;
  Histogram connect;
  Histogram response;
  Histogram reap;
  // Of the altered ones, and of the truncated and unanswered: that with the lowest number.
  std::optional<ResponseExample> first_altered{};
  std::optional<ResponseExample> first_lost{};
  // Of those that are innocent_closed; the offset is 0.
  std::optional<ResponseExample> first_innocent{};

  void merge(const ClientTally& other);

  friend bool operator==(const ClientTally&, const ClientTally&) = default;
};

// What one worker, or a whole run, counted; `clients` is indexed as the run's behaviours are.
struct Tally {
  std::vector<ClientTally> clients;
  Histogram lag;  // from the planned to the actual start of a connection

  explicit Tally(std::size_t behaviours = 0) : clients(behaviours) {}
  void merge(const Tally& other);
  void clear();

  friend bool operator==(const Tally&, const Tally&) = default;
};

}  // namespace closewait
