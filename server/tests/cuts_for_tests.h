#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/connections/connection_table.h"

namespace closewait {

// What a connection answered to some input, and what it held at most meanwhile.
struct CutsResult {
  std::string answer;  // its first Cuts::kKept bytes
  std::uint64_t buffered_at_most = 0;
  bool closed = false;  // and counted, once, and nothing is held any more
};

// A peer and its connection over a socket pair, on a loop that is turned by hand: nothing happens
// at the same time, and nothing is waited for. Good for one connection after another.
class Cuts {
 public:
  static constexpr std::size_t kKept = 512 * 1024;

  // Without a seat each connection is refused. The less room the socket has for what is owed, the
  // more turns it takes to write it.
  explicit Cuts(std::string_view service, std::uint64_t seats = 1, int room = 16 * 1024)
      : capacity_(seats, 1), room_(room) {
    options_.service = find_service(service);
    options_.limits.max_head = 1024;
    options_.limits.max_body = 64 * 1024;
    options_.limits.chargen_bytes = 300'000;
  }

  // Sends the pieces, each before a turn of the loop, and reads as it goes.
  CutsResult play(const std::vector<std::string_view>& pieces) {
    connect();
    for (const std::string_view piece : pieces) {
      send(piece);
      turn();
      read();
    }
    return finish();
  }

  // Or by hand: first this, then what follows in any order, then finish().
  void connect() {
    result_.answer.clear();
    result_.buffered_at_most = 0;
    closed_before_ = closed();
    heard_ = counters_.sent_bytes.value();
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
      throw SetupError("socketpair: " + describe(last_error()));
    }
    peer_ = UniqueFd(pair[0]);
    ::setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room_, sizeof room_);
    table_.add(UniqueFd(pair[1]));
  }
  void send(std::string_view piece) {
    while (!piece.empty()) {
      const ssize_t size = ::send(peer_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
      if (size > 0) {
        piece.remove_prefix(static_cast<std::size_t>(size));
      } else if (errno == EAGAIN) {
        turn();
        read();
      } else {
        return;  // the server has closed, or the peer did: the rest has nowhere to go
      }
    }
  }
  void turn() {
    loop_.turn(Nanoseconds(0));
    result_.buffered_at_most = std::max(result_.buffered_at_most, counters_.buffered_bytes.value());
  }
  // All that has come, which is all that was sent: to ask for more would cost a call a turn.
  void read() {
    while (heard_ < counters_.sent_bytes.value()) {
      const ssize_t size = ::recv(peer_.get(), buffer_.data(), buffer_.size(), 0);
      if (size <= 0) return;
      heard_ += static_cast<std::uint64_t>(size);
      const std::size_t room = kKept - result_.answer.size();
      result_.answer.append(buffer_.data(), std::min(static_cast<std::size_t>(size), room));
      // A terabyte may be owed: what it begins with is enough.
      if (static_cast<std::size_t>(size) > room) return leave();
    }
  }
  void end_sending() { ::shutdown(peer_.get(), SHUT_WR); }
  // What the peer has not read by then makes it a reset.
  void leave() { peer_.reset(); }
  void drain() {
    table_.drain([] {});
  }
  const CutsResult& finish() {
    end_sending();
    read();
    for (int i = 0; i < kTurnsAtMost && table_.size() > 0; ++i) {
      turn();
      read();
    }
    result_.closed = closed() == closed_before_ + 1 && table_.size() == 0 &&
                     counters_.buffered_bytes.value() == 0;
    return result_;
  }

  [[nodiscard]] bool over() const noexcept { return table_.size() == 0; }
  [[nodiscard]] const ServerOptions& options() const noexcept { return options_; }

 private:
  static constexpr int kTurnsAtMost = 10'000;

  [[nodiscard]] std::uint64_t closed() const noexcept {
    std::uint64_t sum = 0;
    for (const Counter& count : counters_.closed) sum += count.value();
    return sum;
  }

  ServerOptions options_;
  LoopCounters loop_counters_;
  EventLoop loop_{loop_counters_};
  Counters counters_;
  Capacity capacity_;
  ConnectionTable table_{loop_, options_, counters_, capacity_};
  int room_;
  UniqueFd peer_;
  std::uint64_t closed_before_ = 0;
  std::uint64_t heard_ = 0;  // of what was sent to all peers
  CutsResult result_;
  std::array<char, 65536> buffer_{};
};

}  // namespace closewait
