#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace closewait {

// Why a connection was destroyed. Every one is, with exactly one of these.
enum class CloseReason {
  kPeerClosed,  // the peer ended its sending, and everything owed to it was written
  kReset,       // the peer aborted, or went away while something was owed
  kIdle,        // nothing asked for in the idle timeout
  kSlow,        // owed bytes not taken, or a request or a close not finished, in time
  kLimit,       // went on sending beyond what is drained after the last answer
  kError,       // another error of the socket
  kShutdown,    // the server was told to end
};

inline constexpr std::array<std::string_view, 7> kCloseReasonNames = {
    "peer_closed", "reset", "idle", "slow", "limit", "error", "shutdown"};

// The errors of accept() that are told apart; the rest is the last one's.
inline constexpr std::array<std::string_view, 6> kAcceptErrorNames = {
    "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "other"};

// A number that one thread raises and any thread may read, which is why it is atomic. Who reads
// one sees all that its writer had counted before.
class Counter {
 public:
  // Not a read-modify-write: there is only one writer.
  void add(std::uint64_t times = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + times, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_acquire);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// What one worker has done so far. Written by the worker's thread, read by any.
struct Counters {
  Counter accepted;
  std::array<Counter, kAcceptErrorNames.size()> accept_errors;
  Counter turned_away;  // accepted with the spare descriptor and closed at once
  Counter received_bytes;
  Counter sent_bytes;
  std::array<Counter, kCloseReasonNames.size()> closed;

  [[nodiscard]] Counter& closed_by(CloseReason reason) noexcept {
    return closed[static_cast<std::size_t>(reason)];
  }
  // Of one errno of accept().
  [[nodiscard]] Counter& accept_error(int error) noexcept;
};

// The same, of all workers together: what the server tells at its end and through its metrics.
struct Totals {
  std::uint64_t accepted = 0;
  std::array<std::uint64_t, kAcceptErrorNames.size()> accept_errors{};
  std::uint64_t turned_away = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::array<std::uint64_t, kCloseReasonNames.size()> closed{};
  std::uint64_t stale_events = 0;

  void add(const Counters& counters, const Counter& stale);
  // Accepted and not closed.
  [[nodiscard]] std::uint64_t open() const;
  // "accepted=3 ... closed_peer_closed=2 ...": every one, always.
  [[nodiscard]] std::string line() const;
};

}  // namespace closewait
