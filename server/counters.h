#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
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

// A number that one thread raises and any thread may read, which is why it is atomic.
class Counter {
 public:
  // Not a read-modify-write: there is only one writer.
  void add(std::uint64_t times = 1) noexcept {
    value_.store(value() + times, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// What one worker has done so far. Written by the worker's thread, read by any.
struct Counters {
  Counter accepted;
  Counter accept_errors;  // accept() failed, for want of descriptors or otherwise
  Counter turned_away;    // accepted with the spare descriptor and closed at once
  std::array<Counter, kCloseReasonNames.size()> closed;

  [[nodiscard]] Counter& closed_by(CloseReason reason) noexcept {
    return closed[static_cast<std::size_t>(reason)];
  }
};

}  // namespace closewait
