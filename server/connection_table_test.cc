#include "server/connection_table.h"

#include <gtest/gtest.h>

#include "server/acceptor.h"
#include "server/peer_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

// A loop turned by the test itself, with one listener: nothing runs at the same time, so what is
// asked of the table is exact.
class ConnectionTableTest : public testing::Test {
 protected:
  explicit ConnectionTableTest(std::string_view service = "echo") {
    options_.service = find_service(service);
  }

  void listen() {
    auto listeners = open_listeners(*SocketAddress::parse("127.0.0.1:0"), 1);
    address_ = listeners.front().address;
    acceptor_.emplace(std::move(listeners.front()), loop_, table_, counters_);
  }
  template <class Condition>
  [[nodiscard]] bool turn_until(Condition condition) {
    const Instant deadline = Clock::now() + kLongEnough;
    while (!condition() && Clock::now() < deadline) loop_.turn(milliseconds(1));
    return condition();
  }
  [[nodiscard]] bool closed_by(CloseReason reason, std::uint64_t times = 1) {
    return turn_until([&] { return counters_.closed_by(reason).value() == times; });
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

  ServerOptions options_;
  EventLoop loop_;
  Counters counters_;
  ConnectionTable table_{loop_, options_, counters_};
  std::optional<Acceptor> acceptor_;
  SocketAddress address_;
};

TEST_F(ConnectionTableTest, APeerThatDoesNotReadCostsBoundedMemoryAndLosesNothing) {
  listen();
  Peer peer(address_);
  const std::size_t sent = send_until_stuck(peer);
  EXPECT_GT(sent, 1024U * 1024U);
  EXPECT_LE(table_.buffered(), Output::kHighMark + 128 * 1024);
  EXPECT_GT(table_.buffered(), 0U);

  peer.shut_down_sending();
  std::size_t received = 0;
  EXPECT_TRUE(turn_until([&] {
    char buffer[65536];
    ssize_t size = 0;
    while ((size = ::recv(peer.fd(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
      received += static_cast<std::size_t>(size);
    }
    return size == 0;
  }));
  EXPECT_EQ(received, sent);
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
}

TEST_F(ConnectionTableTest, AnAbortIsNoticedWhileNothingIsRead) {
  listen();
  Peer peer(address_);
  send_until_stuck(peer);
  peer.reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset));
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(ConnectionTableTest, AnEndWhileNothingIsReadDoesNotSpin) {
  listen();
  Peer peer(address_);
  send_until_stuck(peer);
  peer.shut_down_sending();
  const Instant start = Clock::now();
  loop_.turn(milliseconds(100));
  EXPECT_GE(Clock::now() - start, milliseconds(100)) << "an event that nobody wants";
}

TEST_F(ConnectionTableTest, APeerThatNeverReadsIsResetAfterTheWriteTimeout) {
  options_.write_timeout = milliseconds(200);
  listen();
  Peer peer(address_);
  send_until_stuck(peer);
  EXPECT_TRUE(closed_by(CloseReason::kSlow));
  std::string all = peer.receive();
  while (!all.empty()) all = peer.receive();
  EXPECT_EQ(peer.error(), ECONNRESET);
}

TEST_F(ConnectionTableTest, AnIdlePeerIsClosedAndItsDescriptorGone) {
  options_.idle_timeout = milliseconds(100);
  listen();
  Peer peer(address_);
  EXPECT_TRUE(closed_by(CloseReason::kIdle));
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(peer.error(), 0);
}

TEST_F(ConnectionTableTest, ADuplicateOfTheDescriptorHoldsNeitherTheEndBackNorTheRegistration) {
  listen();
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  Peer peer{UniqueFd(pair[0])};
  UniqueFd served(pair[1]);
  const UniqueFd duplicate(::fcntl(served.get(), F_DUPFD_CLOEXEC, 0));
  table_.add(std::move(served));
  peer.shut_down_sending();
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(::recv(peer.fd(), pair, 1, MSG_DONTWAIT), 0) << "the duplicate held the end back";
  peer.close();
  for (int i = 0; i < 10; ++i) loop_.turn(Nanoseconds(0));
  EXPECT_EQ(loop_.stale_events().value(), 0U) << "a ghost: the registration outlived its owner";
}

TEST_F(ConnectionTableTest, ResetsBeforeAndAfterAcceptLeaveNothing) {
  listen();
  for (int i = 0; i < 100; ++i) Peer(address_).reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset, 100));
  EXPECT_EQ(counters_.accepted.value(), 100U);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(ConnectionTableTest, UrgentDataDoesNotSpin) {
  listen();
  Peer peer(address_);
  ASSERT_TRUE(turn_until([&] { return table_.size() == 1; }));
  ASSERT_EQ(::send(peer.fd(), "!", 1, MSG_OOB), 1);
  loop_.turn(milliseconds(50));
  const Instant start = Clock::now();
  loop_.turn(milliseconds(100));
  EXPECT_GE(Clock::now() - start, milliseconds(100));
}

class HttpConnectionTest : public ConnectionTableTest {
 protected:
  HttpConnectionTest() : ConnectionTableTest("http") {}
};

TEST_F(HttpConnectionTest, HalfARequestIsNotWaitedForLongerByAByteNowAndThen) {
  options_.idle_timeout = milliseconds(300);
  listen();
  Peer peer(address_);
  const Instant start = Clock::now();
  EXPECT_TRUE(turn_until([&] {
    (void)peer.send("G");
    loop_.turn(milliseconds(20));
    return counters_.closed_by(CloseReason::kSlow).value() == 1;
  }));
  EXPECT_LT(Clock::now() - start, milliseconds(3000));
}

// Owed less than the high mark, so that it is the end alone that keeps it from reading.
TEST_F(HttpConnectionTest, AnEndBeforeTheAnswerIsWrittenDoesNotSpin) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  Peer peer{UniqueFd(pair[0])};
  const int small = 4096;
  ::setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  table_.add(UniqueFd(pair[1]));
  ASSERT_TRUE(peer.send("GET /bytes/200000 HTTP/1.1\r\n\r\n"));
  peer.shut_down_sending();
  for (int i = 0; i < 10; ++i) loop_.turn(Nanoseconds(0));
  const Instant start = Clock::now();
  loop_.turn(milliseconds(100));
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_GE(Clock::now() - start, milliseconds(100)) << "an event that nobody wants";
}

TEST_F(HttpConnectionTest, ATerabyteCostsAlmostNoMemory) {
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("GET /bytes/1099511627776 HTTP/1.1\r\n\r\n"));
  std::size_t received = 0;
  EXPECT_TRUE(turn_until([&] {
    char buffer[65536];
    const ssize_t size = ::recv(peer.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) received += static_cast<std::size_t>(size);
    return received > 16U * 1024U * 1024U;
  }));
  EXPECT_LT(table_.buffered(), 1000U);
  peer.reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset));
}

TEST_F(HttpConnectionTest, WhoStaysAfterTheLastAnswerIsClosedInTheEnd) {
  options_.linger_timeout = milliseconds(100);
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(closed_by(CloseReason::kSlow));
}

TEST_F(HttpConnectionTest, WhoGoesOnSendingAfterTheLastAnswerIsClosed) {
  options_.linger_bytes = 1024 * 1024;
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("nonsense\r\n\r\n"));
  const std::string more(65536, 'x');
  EXPECT_TRUE(turn_until([&] {
    (void)::send(peer.fd(), more.data(), more.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return counters_.closed_by(CloseReason::kLimit).value() == 1;
  }));
}

}  // namespace
}  // namespace closewait
