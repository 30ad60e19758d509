#include <gmock/gmock.h>

#include "server/tests/table_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class SlowPeers : public ConnectionTableTest {
 protected:
  SlowPeers() : ConnectionTableTest("http") {}

  // Sends a byte of `text` each 20 ms, far fewer than a body is given time for, until the
  // connection ended for that reason. A deadline that a byte moves would never come.
  [[nodiscard]] bool trickled_until(Peer& peer, std::string_view text, CloseReason reason) {
    std::size_t at = 0;
    Instant next = Clock::now();
    return turn_until([&] {
      if (Clock::now() >= next) {
        (void)peer.send(text.substr(at++ % text.size(), 1));
        next += milliseconds(20);
      }
      return counters_.closed_by(reason).value() == 1;
    });
  }
};

TEST_F(SlowPeers, AHeadIsNotWaitedForLongerByAByteNowAndThen) {
  options_.timeouts.head = milliseconds(300);
  options_.timeouts.linger = milliseconds(100);
  listen();
  Peer peer(address_);
  EXPECT_TRUE(trickled_until(peer, "G", CloseReason::kSlowHead));
  const std::string answer = peer.receive_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

TEST_F(SlowPeers, ABodyIsNotWaitedForLongerByAByteNowAndThen) {
  options_.timeouts.body = milliseconds(300);
  options_.timeouts.linger = milliseconds(100);
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
  EXPECT_TRUE(trickled_until(peer, "x", CloseReason::kSlowBody));
  EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

// It has said that nothing comes after this request, of which a part is on its way.
TEST_F(SlowPeers, WhoIsLateWithItsLastBodyIsWaitedForToo) {
  options_.timeouts.body = milliseconds(200);
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send(
      "PUT /count HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\nx"));
  pollfd answered{.fd = peer.fd(), .events = POLLIN, .revents = 0};
  ASSERT_TRUE(turn_until([&] { return ::poll(&answered, 1, 0) == 1; }));
  ASSERT_TRUE(peer.send("late"));
  for (int i = 0; i < 10; ++i) loop_.turn(Nanoseconds(0));
  EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(peer.error(), 0);
  EXPECT_EQ(table_.size(), 1U);
}

// Its answer has begun, and each byte comes back: that it is read must not buy time.
TEST_F(SlowPeers, ABodyThatIsEchoedHasItsDeadlineToo) {
  options_.timeouts.body = milliseconds(300);
  options_.timeouts.linger = milliseconds(100);
  listen();
  Peer peer(address_);
  ASSERT_TRUE(peer.send("PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_TRUE(trickled_until(peer, "1\r\nx\r\n", CloseReason::kSlowBody));
  const std::string answer = peer.receive_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, testing::Not(HasSubstr("HTTP/1.1 408"))) << "in the middle of a response";
  EXPECT_FALSE(answer.ends_with("0\r\n\r\n")) << "an end that it did not have";
}

TEST_F(SlowPeers, APeerThatReadsALongAnswerIsNotIdle) {
  options_.timeouts.idle = milliseconds(100);
  options_.timeouts.head = milliseconds(100);
  listen();
  Peer peer(address_, 16 * 1024);
  // The next request has begun already, and is not read as long as the answer is not taken.
  ASSERT_TRUE(peer.send("GET /bytes/20000000 HTTP/1.1\r\nHost: a\r\n\r\nGET / HT"));
  std::size_t received = 0;
  const Instant end = Clock::now() + milliseconds(600);
  EXPECT_TRUE(turn_until([&] {
    char buffer[65536];
    const ssize_t size = ::recv(peer.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) received += static_cast<std::size_t>(size);
    loop_.turn(milliseconds(10));
    return Clock::now() > end;
  }));
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_GT(received, 0U);
  peer.reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset));
}

// Of which the kernel would take 3.5 MB at once, and hold them until the deadline.
TEST_F(SlowPeers, AnAnswerThatNobodyReadsStaysWithTheServer) {
  options_.timeouts.write = milliseconds(300);
  listen();
  Peer peer(address_, 16 * 1024);
  ASSERT_TRUE(peer.send("GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(closed_by(CloseReason::kSlowRead));
  EXPECT_LT(counters_.sent_bytes.value(), 1'000'000U);
}

class TwoListeners : public ConnectionTableTest {
 protected:
  TwoListeners() : ConnectionTableTest("discard") {}
};

TEST_F(TwoListeners, LearnAtOnceThatTheOtherSaysNothing) {
  options_.timeouts.idle = milliseconds(200);
  listen();
  Peer peer(address_);
  ASSERT_TRUE(turn_until([&] { return table_.size() == 1; }));
  EXPECT_EQ(peer.receive(), "") << "it waits for what never comes";
  EXPECT_EQ(peer.error(), 0);
  EXPECT_TRUE(closed_by(CloseReason::kIdle)) << "and the server waits no longer than that";
}

}  // namespace
}  // namespace closewait
