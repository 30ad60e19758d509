#include <gmock/gmock.h>
#include <sys/epoll.h>

#include <fstream>

#include "server/tests/program_for_tests.h"
#include "server/tests/table_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using testing::StartsWith;

// What epoll says of a socket now, to one who asks for everything.
std::uint32_t events_of(int fd) {
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI, .data = {}};
  EXPECT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event), 0);
  return ::epoll_wait(epoll.get(), &event, 1, 0) == 1 ? event.events : 0;
}

constexpr std::uint32_t kEnded = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
constexpr std::uint32_t kEverything = kEnded | EPOLLERR | EPOLLHUP;

// The server seen by the epoll of its peer, as the text sees its second descriptor.
class RabbitHole : public ConnectionTableTest {
 protected:
  RabbitHole() : ConnectionTableTest("http") {
    options_.timeouts.linger = milliseconds(100);
    listen();
  }

  [[nodiscard]] bool sees(const Peer& peer, std::uint32_t events) {
    return turn_until([&] { return events_of(peer.fd()) == events; });
  }
  // Is refused, which is the last answer, and takes it.
  void take_the_last_answer(Peer& peer) {
    ASSERT_TRUE(peer.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(sees(peer, kEnded));
    ASSERT_THAT(peer.receive(), StartsWith("HTTP/1.1 404 "));
  }
};

TEST_F(RabbitHole, TheServersEndOfSendingIsSeenAsInAndRdhupAndItsCloseChangesNothing) {
  Peer peer(address_);
  take_the_last_answer(peer);
  EXPECT_EQ(table_.size(), 1U) << "it has shut down sending, not closed";
  EXPECT_EQ(events_of(peer.fd()), kEnded);
  ASSERT_TRUE(closed_by(CloseReason::kSlowClose));
  EXPECT_EQ(events_of(peer.fd()), kEnded);
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(peer.error(), 0);
}

TEST_F(RabbitHole, AWriteAfterTheServersCloseRaisesEverythingOneWriteLate) {
  Peer peer(address_);
  take_the_last_answer(peer);
  ASSERT_TRUE(closed_by(CloseReason::kSlowClose));
  EXPECT_TRUE(peer.send("x")) << "the first write finds out for the next";
  EXPECT_TRUE(sees(peer, kEverything));
  EXPECT_FALSE(peer.send("x"));
  EXPECT_EQ(errno, EPIPE);
  Peer next(address_);
  take_the_last_answer(next);
}

constexpr std::string_view kLastRequest =
    "GET /bytes/10 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(RabbitHole, APeerThatHasSaidThatNothingMoreComesIsNotWaitedFor) {
  options_.timeouts.linger = std::chrono::minutes(1);
  Peer peer(address_);
  ASSERT_TRUE(peer.send(kLastRequest));
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(table_.size(), 0U);
  EXPECT_EQ(events_of(peer.fd()), kEnded);
  EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(peer.error(), 0);
}

TEST_F(RabbitHole, APeerThatSaysSoAndSendsMoreIsWaitedForAndLosesNothing) {
  options_.timeouts.linger = std::chrono::minutes(1);
  Peer peer(address_);
  ASSERT_TRUE(peer.send(std::string(kLastRequest) + "more"));
  ASSERT_TRUE(sees(peer, kEnded));
  EXPECT_EQ(table_.size(), 1U);
  ASSERT_TRUE(peer.send("and more"));
  for (int i = 0; i < 10; ++i) loop_.turn(Nanoseconds(0));
  EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(peer.error(), 0);
  peer.close();
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
}

// The server's side of the same: it has read what the peer sent and writes to nobody. SIGPIPE has
// its default here, so a single write without MSG_NOSIGNAL would end this test.
TEST_F(RabbitHole, AWriteToAPeerThatIsGoneIsNoSignalButACountedEnd) {
  options_.service = find_service("echo");
  Peer tcp(address_);
  ASSERT_TRUE(turn_until([&] { return table_.size() == 1; }));
  ASSERT_TRUE(tcp.send("hello"));
  tcp.shut_down_sending();
  tcp.reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset, 1));
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  Peer unix_peer{UniqueFd(pair[0])};
  table_.add(UniqueFd(pair[1]));
  ASSERT_TRUE(unix_peer.send("hello"));
  unix_peer.close();
  EXPECT_TRUE(closed_by(CloseReason::kReset, 2));
}

// Beside MSG_NOSIGNAL, for what is written elsewhere: the metrics, a line to a closed pipe.
TEST(RabbitHoleProgram, IgnoresSigpipeInTheWholeProcess) {
  const Program program({"--listen", "127.0.0.1:0", "--service", "http"});
  ASSERT_NE(program.address().port(), 0);
  std::ifstream status("/proc/" + std::to_string(program.pid()) + "/status");
  std::string line;
  while (std::getline(status, line) && !line.starts_with("SigIgn:")) {
  }
  ASSERT_TRUE(line.starts_with("SigIgn:"));
  EXPECT_NE(std::stoull(line.substr(7), nullptr, 16) & (1ULL << (SIGPIPE - 1)), 0U) << line;
}

// epoll_wait gives EINTR after it, which is no error.
TEST(RabbitHoleProgram, GoesOnAfterItWasStopped) {
  const Program program({"--listen", "127.0.0.1:0", "--service", "echo"});
  Peer peer(program.address());
  for (int i = 0; i < 5; ++i) {
    program.signal(SIGSTOP);
    int status = 0;
    ASSERT_EQ(::waitpid(program.pid(), &status, WUNTRACED), program.pid());
    ASSERT_TRUE(WIFSTOPPED(status));
    program.signal(SIGCONT);
    ASSERT_TRUE(peer.send("x"));
    ASSERT_EQ(peer.receive(), "x");
  }
}

// Nothing of it goes over the wire, and what is written still arrives.
TEST_F(RabbitHole, APeerThatShutsDownReadingIsServedLikeAnyOther) {
  Peer peer(address_);
  ::shutdown(peer.fd(), SHUT_RD);
  EXPECT_EQ(events_of(peer.fd()), kEnded);
  ASSERT_TRUE(peer.send("GET /bytes/10 HTTP/1.1\r\nHost: a\r\n\r\n"));
  std::string answer;
  EXPECT_TRUE(turn_until([&] {
    answer += peer.receive();
    return !answer.empty();
  }));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(table_.size(), 1U);
}

// Less than the high mark is owed, so that the end is read while there is still something to write.
TEST_F(RabbitHole, APeerThatEndsItsSendingIsOwedEverythingAndThenSeesTheEnd) {
  Peer peer = half_closed_peer();
  for (int i = 0; i < 10; ++i) loop_.turn(Nanoseconds(0));
  std::size_t received = 0;
  bool ended = false;
  EXPECT_TRUE(turn_until([&] {
    char buffer[65536];
    const ssize_t size = ::recv(peer.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) received += static_cast<std::size_t>(size);
    ended = size == 0;
    return ended;
  }));
  EXPECT_GT(received, 200'000U);
  EXPECT_EQ(events_of(peer.fd()), kEnded | EPOLLHUP) << "both directions have ended, cleanly";
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
}

// The kernel's part, without a server: why a Watch is undone before its descriptor is closed.
TEST(RabbitHoleKernel, ClosingADuplicatedDescriptorEndsNoRegistrationAndDelIsTooLate) {
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const UniqueFd peer(pair[0]);
  UniqueFd fd(pair[1]);
  UniqueFd duplicate(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 7}};
  ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event), 0);
  ASSERT_EQ(::send(peer.get(), "x", 1, 0), 1);
  const int number = fd.get();
  fd.reset();
  EXPECT_EQ(::epoll_wait(epoll.get(), &event, 1, 0), 1) << "close() has ended it after all";
  EXPECT_EQ(event.data.u64, 7U);
  EXPECT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, number, nullptr), -1);
  EXPECT_EQ(errno, EBADF);
  // The text knows only one way out, closing the duplicate. There is another: the number again.
  const UniqueFd again(::dup3(duplicate.get(), number, O_CLOEXEC));
  EXPECT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, number, nullptr), 0);
  EXPECT_EQ(::epoll_wait(epoll.get(), &event, 1, 0), 0);
}

}  // namespace
}  // namespace closewait
