#include "server/connections/connection_table.h"

#include <gtest/gtest.h>

#include "server/tests/table_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

// Timers look now and then whether they are due yet.
constexpr std::uint64_t kFewWakeups = 5;

TEST_F(ConnectionTableTest, APeerThatDoesNotReadCostsBoundedMemoryAndLosesNothing) {
  listen();
  Peer peer(address_);
  const std::size_t sent = send_until_stuck(peer);
  EXPECT_GT(sent, 1024U * 1024U);
  EXPECT_LE(counters_.buffered_bytes.value(), Output::kHighMark + 128 * 1024);
  EXPECT_GT(counters_.buffered_bytes.value(), 0U);

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
  EXPECT_LE(wakeups_at_rest(), kFewWakeups) << "an event that nobody wants";
}

TEST_F(ConnectionTableTest, APeerThatNeverReadsIsResetAfterTheWriteTimeout) {
  options_.timeouts.write = milliseconds(200);
  listen();
  Peer peer(address_);
  send_until_stuck(peer);
  EXPECT_TRUE(closed_by(CloseReason::kSlowRead));
  std::string all = peer.receive();
  while (!all.empty()) all = peer.receive();
  EXPECT_EQ(peer.error(), ECONNRESET);
}

TEST_F(ConnectionTableTest, AnIdlePeerIsClosedAndItsDescriptorGone) {
  options_.timeouts.idle = milliseconds(100);
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
  EXPECT_EQ(loop_.counters().stale_events.value(), 0U)
      << "a ghost: the registration outlived its owner";
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
  EXPECT_LE(wakeups_at_rest(), kFewWakeups);
}

// Reading stops at an urgent byte, and epoll tells only once of all that came (EPOLLET).
TEST_F(ConnectionTableTest, WhatStandsBehindAnUrgentByteIsRead) {
  listen();
  Peer peer(address_);
  ASSERT_TRUE(turn_until([&] { return table_.size() == 1; }));
  ASSERT_TRUE(peer.send("before"));
  ASSERT_EQ(::send(peer.fd(), "!", 1, MSG_OOB), 1);
  ASSERT_TRUE(peer.send("behind"));
  constexpr std::string_view kAll = "beforebehind";
  ASSERT_TRUE(turn_until([&] { return counters_.received_bytes.value() >= kAll.size(); }));
  EXPECT_EQ(peer.receive_exactly(kAll.size()), kAll);
  EXPECT_LE(wakeups_at_rest(), kFewWakeups);
}

// One event for both, since both are there before the loop looks.
TEST_F(ConnectionTableTest, AnEndThatCameWithTheLastBytesIsNoticed) {
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("last"));
  peer.shut_down_sending();
  ASSERT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(peer.receive_all(), "last");
}

// More than is read at once.
TEST_F(ConnectionTableTest, WhatCameBeforeADrainIsServed) {
  int pair[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  Peer peer{UniqueFd(pair[0])};
  table_.add(UniqueFd(pair[1]));
  const std::string bytes = pattern_text(100'000);
  ASSERT_TRUE(peer.send(bytes));
  bool empty = false;
  table_.drain([&empty] { empty = true; });
  std::string back;
  ASSERT_TRUE(turn_until([&] {
    char buffer[65536];
    const ssize_t size = ::recv(peer.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) back.append(buffer, static_cast<std::size_t>(size));
    return size == 0;
  }));
  EXPECT_TRUE(back == bytes);
  peer.close();
  EXPECT_TRUE(turn_until([&] { return empty; }));
}

class HttpConnectionTest : public ConnectionTableTest {
 protected:
  HttpConnectionTest() : ConnectionTableTest("http") {}
};

// It has had an answer, so that it is told to leave, but not before this one.
TEST_F(HttpConnectionTest, ARequestThatCameBeforeADrainIsAnswered) {
  int pair[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  Peer peer{UniqueFd(pair[0])};
  table_.add(UniqueFd(pair[1]));
  const auto answered = [&](std::uint64_t times) {
    return turn_until([&] { return counters_.sent_bytes.value() >= times * 30'000; });
  };
  ASSERT_TRUE(peer.send("GET /bytes/30000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(answered(1));
  ASSERT_TRUE(peer.send("GET /bytes/30000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  table_.drain([] {});
  EXPECT_TRUE(answered(2));
}

// Owed less than the high mark, so that it is the end alone that keeps it from reading.
TEST_F(HttpConnectionTest, AnEndBeforeTheAnswerIsWrittenDoesNotSpin) {
  Peer peer = half_closed_peer();
  EXPECT_LE(wakeups_at_rest(), kFewWakeups) << "an event that nobody wants";
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(HttpConnectionTest, RequestsThatArePipelinedAndNeverReadCostAtMostTheBound) {
  listen();
  Peer peer(address_);
  std::string requests;
  while (requests.size() < 1'000'000) requests += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  // Whole requests, so that one after another is answered until the answers are stuck.
  std::size_t sent = 0;
  std::uint64_t most = 0;
  for (int idle = 0; idle < 200;) {
    const std::size_t at = sent % requests.size();
    const ssize_t size =
        ::send(peer.fd(), requests.data() + at, requests.size() - at, MSG_DONTWAIT);
    idle = size > 0 ? 0 : idle + 1;
    if (size > 0) sent += static_cast<std::size_t>(size);
    loop_.turn(Nanoseconds(0));
    most = std::max(most, counters_.buffered_bytes.value());
  }
  EXPECT_GT(sent, 1'000'000U);
  EXPECT_GT(counters_.buffered_bytes.value(), Output::kLowMark);
  EXPECT_LE(most, Output::kHighMark + kInputBuffer + 1024);
  EXPECT_LE(wakeups_at_rest(), kFewWakeups) << "an event that nobody wants";
  peer.reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset)) << "an abort is noticed though nothing is read";
  EXPECT_EQ(counters_.buffered_bytes.value(), 0U);
}

// Whose reader is as fast as the server, so that there is always room.
TEST_F(HttpConnectionTest, OneOfManyAnswersIsAsMuchAsOthersHaveToWaitFor) {
  listen();
  Peer peer(address_);
  constexpr std::size_t kRequests = 60;
  std::string requests;
  for (std::size_t i = 0; i < kRequests; ++i) {
    requests += "GET /bytes/270000 HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  ASSERT_TRUE(peer.send(requests));
  std::jthread reader([&] { peer.receive_exactly(kRequests * 270'000); });
  std::uint64_t most = 0;
  ASSERT_TRUE(turn_until([&] {
    const std::uint64_t before = counters_.sent_bytes.value();
    loop_.turn(Nanoseconds(0));
    most = std::max(most, counters_.sent_bytes.value() - before);
    return counters_.sent_bytes.value() >= kRequests * 270'000;
  }));
  EXPECT_LT(most, 5'000'000U);
}

TEST_F(HttpConnectionTest, ATerabyteCostsAlmostNoMemory) {
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("GET /bytes/1099511627776 HTTP/1.1\r\nHost: a\r\n\r\n"));
  std::size_t received = 0;
  EXPECT_TRUE(turn_until([&] {
    char buffer[65536];
    const ssize_t size = ::recv(peer.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) received += static_cast<std::size_t>(size);
    return received > 16U * 1024U * 1024U;
  }));
  EXPECT_LT(counters_.buffered_bytes.value(), 1000U);
  peer.reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset));
}

TEST_F(HttpConnectionTest, WhoStaysAfterTheLastAnswerIsClosedInTheEnd) {
  options_.timeouts.linger = milliseconds(100);
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(closed_by(CloseReason::kSlowClose));
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
