#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace closewait {

// One system call of a client, or one wait of it.
struct Call {
  std::string_view name;           // "send"
  std::string_view what;           // "SO_LINGER 0", "SHUT_WR"; "" where the name says all
  std::string detail;              // "127.0.0.1:80", what an option is, the first bytes
  std::vector<std::byte> bytes{};  // that were moved, all of them; where the log keeps them
  std::size_t asked = 0;           // bytes offered or wanted
  std::int64_t result = 0;         // as the call returned it
  int error = 0;                   // errno when it is -1
  std::uint32_t events = 0;        // of epoll, which ended a wait
  Instant at{};                    // when it began
  Nanoseconds took{0};
};

// What one client did, call by call, for whoever wants to learn from it. Owns the calls. One
// thread.
class CallLog {
 public:
  enum class Keeps : std::uint8_t { kFirstBytes, kAllBytes };
  explicit CallLog(Keeps keeps = Keeps::kFirstBytes) : keeps_(keeps) {}

  [[nodiscard]] std::vector<std::byte> kept(std::span<const std::byte> moved) const;
  void add(Call call) { calls_.push_back(std::move(call)); }
  // What the last call was about, or gave.
  void tell(std::string detail) { calls_.back().detail = std::move(detail); }
  // A wait for the socket, which `events` of epoll ended; 0 when time did.
  void add_wait(Instant began, Instant ended, std::uint32_t events);
  // A pause in which nothing was waited for.
  void add_pause(Instant began, Instant ended);
  [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }

 private:
  std::vector<Call> calls_;
  Keeps keeps_;
};

// "EPOLLIN", "EPOLLRDHUP".
[[nodiscard]] std::vector<std::string_view> event_names(std::uint32_t events);
// "ESTABLISHED": as TCP_INFO numbers them.
[[nodiscard]] std::string_view tcp_state_name(std::uint8_t state);

// What a call is told as.
struct CallText {
  std::string_view name;
  std::string_view what = {};
  std::span<const std::byte> data = {};  // what it offers, or where it puts what it gets
};

// The first bytes as a person reads them: text in quotes, what is no text as \x00.
[[nodiscard]] std::string first_bytes(std::span<const std::byte> data);

// Makes the call, which returns what system calls do, and notes it where a log is kept. errno
// stays as the call left it.
template <class Function>
auto noted(CallLog* log, const CallText& text, Function function) {
  if (log == nullptr) return function();
  const Instant at = Clock::now();
  const auto result = function();
  const int error = result < 0 ? errno : 0;
  const std::size_t moved = result < 0 ? 0 : static_cast<std::size_t>(result);
  const auto bytes = text.data.first(std::min(moved, text.data.size()));
  log->add({.name = text.name,
            .what = text.what,
            .detail = first_bytes(bytes),
            .bytes = log->kept(bytes),
            .asked = text.data.size(),
            .result = static_cast<std::int64_t>(result),
            .error = error,
            .at = at,
            .took = Clock::now() - at});
  errno = error;
  return result;
}

// Adds to the call that was just noted what `detail` makes, and leaves errno as it is.
template <class Function>
void tell(CallLog* log, Function detail) {
  if (log == nullptr) return;
  const int error = errno;
  log->tell(detail());
  errno = error;
}

}  // namespace closewait
