#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "server/connections/acceptor.h"
#include "server/connections/connection_table.h"
#include "server/tests/peer_for_tests.h"

namespace closewait {

// A loop turned by the test itself, with one listener: nothing runs at the same time, so what is
// asked of the table is exact.
class ConnectionTableTest : public testing::Test {
 protected:
  explicit ConnectionTableTest(std::string_view service = "echo") {
    options_.service = find_service(service);
  }

  void listen() {
    auto listeners = open_listeners({*SocketAddress::parse("127.0.0.1:0")}, 1);
    address_ = listeners.front().address;
    acceptor_.emplace(std::move(listeners.front()), loop_, table_, counters_, capacity_.reserve);
  }
  template <class Condition>
  [[nodiscard]] bool turn_until(Condition condition) {
    const Instant deadline = Clock::now() + kLongEnough;
    while (!condition() && Clock::now() < deadline) loop_.turn(std::chrono::milliseconds(1));
    return condition();
  }
  [[nodiscard]] bool closed_by(CloseReason reason, std::uint64_t times = 1) {
    return turn_until([&] { return counters_.closed_by(reason).value() == times; });
  }
  // How often the loop was woken while nobody did anything for a while.
  [[nodiscard]] std::uint64_t wakeups_at_rest() {
    for (int i = 0; i < 10; ++i) loop_.turn(Nanoseconds(0));
    const std::uint64_t before = loop_.counters().batches.count();
    const Instant end = Clock::now() + std::chrono::milliseconds(150);
    while (Clock::now() < end) loop_.turn(end - Clock::now());
    return loop_.counters().batches.count() - before;
  }
  // Sends that many bytes, turning the loop meanwhile; how many went out.
  std::size_t send_until_taken(Peer& peer, std::size_t size) {
    const std::string bytes(size, 'x');
    std::size_t sent = 0;
    EXPECT_TRUE(turn_until([&] {
      const ssize_t some = ::send(peer.fd(), bytes.data() + sent, size - sent, MSG_DONTWAIT);
      if (some > 0) sent += static_cast<std::size_t>(some);
      return sent == size;
    }));
    return sent;
  }
  // Sends until neither side moves any more; how much went out.
  std::size_t send_until_stuck(Peer& peer) {
    const std::string bytes(64 * 1024, 'x');
    std::size_t sent = 0;
    for (int idle = 0; idle < 200;) {
      const ssize_t size = ::send(peer.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      idle = size > 0 ? 0 : idle + 1;
      if (size > 0) sent += static_cast<std::size_t>(size);
      loop_.turn(Nanoseconds(0));
    }
    return sent;
  }

  // A peer that asked for 200,000 bytes and has ended its sending. So little of it fits into the
  // socket that the end is read while there is still something to write.
  Peer half_closed_peer() {
    int pair[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    Peer peer{UniqueFd(pair[0])};
    const int small = 4096;
    ::setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    table_.add(UniqueFd(pair[1]));
    EXPECT_TRUE(peer.send("GET /bytes/200000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    peer.shut_down_sending();
    return peer;
  }

  ServerOptions options_;
  LoopCounters loop_counters_;
  EventLoop loop_{loop_counters_};
  Counters counters_;
  Capacity capacity_{1000, 1};
  ConnectionTable table_{loop_, options_, counters_, capacity_};
  std::optional<Acceptor> acceptor_;
  SocketAddress address_;
};

}  // namespace closewait
