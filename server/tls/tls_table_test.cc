#include <csignal>
#include <future>

#include "server/tests/table_for_tests.h"
#include "server/tests/tls_peer_for_tests.h"

namespace closewait {
namespace {

// TLS on a loop that the test turns, so that the client is ahead of the server by as much as the
// test wants.
class TlsTable : public ConnectionTableTest {
 protected:
  TlsTable() {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    auto listeners = open_listeners({*SocketAddress::parse("127.0.0.1:0"), Layer::kTls}, 1);
    address_ = listeners.front().address;
    acceptor_.emplace(std::move(listeners.front()), loop_, through_tls_, counters_,
                      capacity_.reserve);
  }
  // Turns the loop while the client does something that waits for the server.
  template <class Step>
  void turn_while(Step step) {
    auto client = std::async(std::launch::async, step);
    EXPECT_TRUE(turn_until(
        [&] { return client.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
    client.get();
  }

  TlsContext tls_{TlsFiles{}};
  ConnectionTable through_tls_{loop_, options_, counters_, capacity_, &tls_};
};

// Seven records are more than a loop reads at once: it stops within the last one, whose rest
// OpenSSL has decrypted and for which no event comes any more.
TEST_F(TlsTable, WhatOpensslHoldsIsReadThoughNoEventTellsOfIt) {
  TlsPeer peer(address_);
  turn_while([&] { EXPECT_TRUE(peer.shake_hands()); });
  constexpr std::size_t kRecords = 7;
  const std::string record(10'000, 'x');
  for (std::size_t i = 0; i < kRecords; ++i) ASSERT_TRUE(peer.send(record));
  EXPECT_TRUE(
      turn_until([&] { return counters_.received_bytes.value() == kRecords * record.size(); }));
  EXPECT_EQ(peer.receive_exactly(kRecords * record.size()).size(), kRecords * record.size());
}

// The peer waits for the server's close_notify before it ends the connection.
TEST_F(TlsTable, AnEndThatIsReadWithTheLastBytesIsNoticed) {
  TlsPeer peer(address_);
  turn_while([&] { EXPECT_TRUE(peer.shake_hands()); });
  peer.cork(true);  // both in one segment
  ASSERT_TRUE(peer.send("last"));
  peer.end_sending();
  peer.cork(false);
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(peer.receive_all(), "last");
  EXPECT_TRUE(peer.told_the_end());
}

// The server finds the end of the handshake and, behind it, the reset. It writes its session
// tickets then, and OpenSSL takes the error of that for no error.
TEST_F(TlsTable, AResetBehindTheHandshakeIsAReset) {
  TlsPeer peer(address_);
  turn_while([&] {
    EXPECT_TRUE(peer.shake_hands());
    peer.peer().reset();
  });
  EXPECT_TRUE(closed_by(CloseReason::kReset));
  EXPECT_EQ(counters_.closed_by(CloseReason::kPeerClosed).value(), 0U);
}

}  // namespace
}  // namespace closewait
