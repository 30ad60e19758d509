#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace closewait {

// Why a connection was destroyed. Every one is, with exactly one of these.
enum class CloseReason {
  kPeerClosed,     // the peer said that nothing more comes, and all that was owed to it was written
  kReset,          // the peer aborted, or went away while something was owed
  kIdle,           // nothing asked for in the idle timeout
  kSlowHead,       // the head of a request not finished in time
  kSlowBody,       // its body not
  kSlowRead,       // owed bytes not taken in time
  kSlowClose,      // did not end its sending in time after the last answer
  kSlowHandshake,  // the handshake of TLS not finished in time
  kTls,            // what came is no TLS, or broken
  kLimit,          // went on sending beyond what is drained after the last answer
  kRefused,        // --max-connections were there already
  kEvicted,        // the longest idle of them, for one that came then
  kError,          // another error of the socket
  kShutdown,       // the server was told to end
};

inline constexpr std::array<std::string_view, 14> kCloseReasonNames = {
    "peer_closed",    "reset", "idle",  "slow_head", "slow_body", "slow_read", "slow_close",
    "slow_handshake", "tls",   "limit", "refused",   "evicted",   "error",     "shutdown"};

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
  // By how much something that goes up and down has changed.
  void move(std::uint64_t from, std::uint64_t to) noexcept {
    if (from != to) add(to - from);  // modulo 2^64, which adding undoes
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
  Counter turned_away;  // accepted with a descriptor of the reserve and closed at once
  Counter received_bytes;
  Counter sent_bytes;
  Counter buffered_bytes;  // what connections hold now: goes up and down
  std::array<Counter, kCloseReasonNames.size()> closed;

  [[nodiscard]] Counter& closed_by(CloseReason reason) noexcept {
    return closed[static_cast<std::size_t>(reason)];
  }
  // Of one errno of accept().
  [[nodiscard]] Counter& accept_error(int error) noexcept;
};

}  // namespace closewait
