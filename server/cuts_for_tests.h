#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/connection_table.h"

namespace closewait {

// What a connection answered to some input, and what it held at most meanwhile.
struct CutsResult {
  std::string answer;
  std::uint64_t buffered_at_most = 0;
  bool closed = false;  // and counted, once
};

// One connection over a socket pair, on a loop of its own that is turned after each piece. Takes
// no time: it never waits for anything.
class Cuts {
 public:
  explicit Cuts(std::string_view service) {
    options_.service = find_service(service);
    options_.limits.max_head = 1024;
    options_.limits.max_body = 64 * 1024;
    int pair[2] = {-1, -1};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
    peer_ = UniqueFd(pair[0]);
    table_.add(UniqueFd(pair[1]));
  }

  // Sends the pieces, then ends the sending, and reads as it goes.
  CutsResult play(const std::vector<std::string_view>& pieces) {
    for (std::string_view piece : pieces) {
      // An error means that the server has closed; then the rest has nowhere to go.
      while (!piece.empty() && table_.size() > 0) {
        const ssize_t size = ::send(peer_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        if (size > 0) piece.remove_prefix(static_cast<std::size_t>(size));
        turn();
      }
    }
    ::shutdown(peer_.get(), SHUT_WR);
    for (int i = 0; i < kTurnsAtMost && table_.size() > 0; ++i) turn();
    turn();
    std::uint64_t closed = 0;
    for (const Counter& count : counters_.closed) closed += count.value();
    result_.closed = closed == 1 && table_.size() == 0;
    return result_;
  }

 private:
  static constexpr int kTurnsAtMost = 10'000;

  void turn() {
    loop_.turn(Nanoseconds(0));
    result_.buffered_at_most = std::max(result_.buffered_at_most, counters_.buffered_bytes.value());
    ssize_t size = 0;
    while ((size = ::recv(peer_.get(), buffer_.data(), buffer_.size(), 0)) > 0) {
      // A terabyte may be owed: what it begins with is enough.
      if (result_.answer.size() > kKept) return peer_.reset();
      result_.answer.append(buffer_.data(), static_cast<std::size_t>(size));
    }
  }
  static constexpr std::size_t kKept = 1024 * 1024;

  ServerOptions options_;
  LoopCounters loop_counters_;
  EventLoop loop_{loop_counters_};
  Counters counters_;
  Capacity capacity_{1, 1};
  ConnectionTable table_{loop_, options_, counters_, capacity_};
  UniqueFd peer_;
  CutsResult result_;
  std::array<char, 65536> buffer_{};
};

}  // namespace closewait
