#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "base/pattern.h"
#include "base/unique_fd.h"
#include "specimens/catalogue.h"

namespace closewait {
namespace {

constexpr int kClients = 20;
constexpr std::uint64_t kLarge = 8'000'000;

// A specimen in a process of its own, ended with this object.
class Process {
 public:
  explicit Process(std::unique_ptr<Skeleton> server)
      : address_(server->listen(*SocketAddress::parse("127.0.0.1:0"))), pid_(::fork()) {
    if (pid_ == 0) server->run();
  }
  ~Process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] const SocketAddress& address() const { return address_; }
  [[nodiscard]] int descriptors() const {
    const std::filesystem::directory_iterator entries(fmt::format("/proc/{}/fd", pid_));
    return static_cast<int>(std::distance(begin(entries), end(entries)));
  }
  void signal(int number) const { ::kill(pid_, number); }
  [[nodiscard]] bool stands_still() const {
    std::ifstream stat(fmt::format("/proc/{}/stat", pid_));
    std::string pid;
    std::string name;
    std::string state;
    stat >> pid >> name >> state;
    return state == "T";
  }
  // User and system time in clock ticks.
  [[nodiscard]] long cpu() const {
    std::ifstream stat(fmt::format("/proc/{}/stat", pid_));
    std::string field;
    for (int i = 0; i < 13; ++i) stat >> field;
    long user = 0;
    long system = 0;
    stat >> user >> system;
    return user + system;
  }

 private:
  SocketAddress address_;
  pid_t pid_;
};

// Connected, with a limit of 20 s to what it waits for; empty when it could not be.
UniqueFd connected_to(const SocketAddress& address, int receive_buffer = 0) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (receive_buffer > 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  if (::connect(fd.get(), address.data(), address.size()) != 0) fd.reset();
  return fd;
}

enum class Manner { kKeepAlive, kHalfClose, kCloseHeader, kReset, kSmallWindow };

// One request and its answer; true when the answer was whole (a reset waits for its start only).
bool exchange(const SocketAddress& address, std::uint64_t size, Manner manner) {
  const UniqueFd fd = connected_to(address, manner == Manner::kSmallWindow ? 16 * 1024 : 0);
  if (!fd) return false;
  const std::string request =
      fmt::format("GET /bytes/{} HTTP/1.1\r\nHost: x\r\n{}\r\n", size,
                  manner == Manner::kCloseHeader ? "Connection: close\r\n" : "");
  // Its end comes in the segment of its last byte.
  const int more = manner == Manner::kHalfClose ? MSG_MORE : 0;
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL | more) < 0) return false;
  if (manner == Manner::kHalfClose) ::shutdown(fd.get(), SHUT_WR);
  if (manner == Manner::kSmallWindow) {
    // Nothing is read before the server has turned to somebody else: no buffer took any more.
    pollfd begun{.fd = fd.get(), .events = POLLIN, .revents = 0};
    if (::poll(&begun, 1, 20'000) != 1) return false;
    if (!exchange(address, 1000, Manner::kCloseHeader)) return false;
  }
  std::string all;
  std::string some(1 << 16, '\0');
  const bool to_the_end = manner == Manner::kHalfClose || manner == Manner::kCloseHeader;
  std::size_t head = std::string::npos;
  for (;;) {
    const ssize_t got = ::recv(fd.get(), some.data(), some.size(), 0);
    if (got < 0) return false;
    if (got == 0) break;
    all.append(some.data(), static_cast<std::size_t>(got));
    if (manner == Manner::kReset) {
      const ::linger now{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
      return true;
    }
    head = all.find("\r\n\r\n");
    if (!to_the_end && head != std::string::npos && all.size() >= head + 4 + size) break;
  }
  if (head == std::string::npos || all.size() != head + 4 + size) return false;
  return !first_difference(0, std::as_bytes(std::span(all)).subspan(head + 4));
}

template <class Condition>
bool eventually(Condition condition) {
  const Instant deadline = Clock::now() + std::chrono::seconds(20);
  while (!condition() && Clock::now() < deadline) std::this_thread::yield();
  return condition();
}

// What every specimen, and the skeleton itself, does right.
void expect_polite_clients_leave_nothing(const Process& server) {
  const int before = server.descriptors();
  for (int i = 0; i < kClients; ++i) {
    EXPECT_TRUE(exchange(server.address(), 100'000, Manner::kKeepAlive));
    EXPECT_TRUE(exchange(server.address(), kLarge, Manner::kHalfClose));
    EXPECT_TRUE(exchange(server.address(), 1000, Manner::kCloseHeader));
  }
  EXPECT_TRUE(eventually([&] { return server.descriptors() == before; }));
}

// How many descriptors kClients resets leave once the server has seen them all.
int left_by_resets(const Process& server, int expected) {
  const int before = server.descriptors();
  for (int i = 0; i < kClients; ++i) {
    EXPECT_TRUE(exchange(server.address(), kLarge, Manner::kReset));
  }
  // Served after them: a server with one loop has taken every reset before this.
  EXPECT_TRUE(exchange(server.address(), 1000, Manner::kCloseHeader));
  (void)eventually([&] { return server.descriptors() - before == expected; });
  return server.descriptors() - before;
}

bool spins(const Process& server) {
  const long before = server.cpu();
  const Instant start = Clock::now();
  while (Clock::now() - start < std::chrono::milliseconds(500)) {
    ::poll(nullptr, 0, 50);
  }
  return server.cpu() - before >= 5;  // a tenth of the time; an idle server uses none
}

TEST(Skeleton, IsRight) {
  const Process server(std::make_unique<Skeleton>());
  expect_polite_clients_leave_nothing(server);
  EXPECT_EQ(left_by_resets(server, 0), 0);
  EXPECT_FALSE(spins(server));
}

TEST(FdLeakOnReset, LeaksOneDescriptorAResetAndNothingElse) {
  const Process server(find_specimen("fd-leak-on-reset")->make());
  expect_polite_clients_leave_nothing(server);
  EXPECT_EQ(left_by_resets(server, kClients), kClients);
  EXPECT_FALSE(spins(server));
  expect_polite_clients_leave_nothing(server);
}

TEST(NoTeardownOnError, KeepsResetConnectionsAndSpins) {
  const Process server(find_specimen("no-teardown-on-error")->make());
  expect_polite_clients_leave_nothing(server);
  EXPECT_FALSE(spins(server));
  EXPECT_EQ(left_by_resets(server, kClients), kClients);
  EXPECT_TRUE(spins(server));
  expect_polite_clients_leave_nothing(server);
}

// Those who may send still, or ask for little, are served as by the skeleton.
TEST(HalfCloseUnanswered, DropsWhoHasEndedItsSideWithItsRequest) {
  const Process server(find_specimen("half-close-unanswered")->make());
  const int before = server.descriptors();
  for (int i = 0; i < kClients; ++i) {
    EXPECT_TRUE(exchange(server.address(), 100'000, Manner::kKeepAlive));
    EXPECT_TRUE(exchange(server.address(), kLarge, Manner::kCloseHeader));
    EXPECT_FALSE(exchange(server.address(), 1000, Manner::kHalfClose));
  }
  EXPECT_TRUE(eventually([&] { return server.descriptors() == before; }));
  EXPECT_EQ(left_by_resets(server, 0), 0);
  EXPECT_FALSE(spins(server));
}

TEST(OneReadIsARequest, AnswersAPartOfARequestAsABadOne) {
  const Process server(find_specimen("one-read-is-a-request")->make());
  expect_polite_clients_leave_nothing(server);
  EXPECT_EQ(left_by_resets(server, 0), 0);
  const UniqueFd fd = connected_to(server.address());
  ASSERT_TRUE(fd);
  ASSERT_EQ(::send(fd.get(), "GET /bytes", 10, MSG_NOSIGNAL), 10);
  std::string answer(12, '\0');
  ASSERT_EQ(::recv(fd.get(), answer.data(), answer.size(), MSG_WAITALL), 12);
  EXPECT_EQ(answer, "HTTP/1.1 400");
}

TEST(ResumesAByteLate, GivesOtherBytesOfWhatNoBufferTakesAtOnce) {
  const Process server(find_specimen("resumes-a-byte-late")->make());
  const int before = server.descriptors();
  for (int i = 0; i < kClients; ++i) {
    EXPECT_TRUE(exchange(server.address(), 1000, Manner::kKeepAlive));
    EXPECT_TRUE(exchange(server.address(), 1000, Manner::kHalfClose));
    EXPECT_FALSE(exchange(server.address(), kLarge, Manner::kSmallWindow));
  }
  EXPECT_TRUE(eventually([&] { return server.descriptors() == before; }));
  EXPECT_EQ(left_by_resets(server, 0), 0);
}

// Stopped, it finds one edge for all that have come meanwhile.
TEST(AcceptsOnceAnEdge, LeavesABurstInItsQueue) {
  const Process server(find_specimen("accepts-once-an-edge")->make());
  expect_polite_clients_leave_nothing(server);
  const int before = server.descriptors();
  server.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return server.stands_still(); }));
  std::vector<UniqueFd> burst;
  for (int i = 0; i < kClients; ++i) burst.push_back(connected_to(server.address()));
  server.signal(SIGCONT);
  ASSERT_TRUE(eventually([&] { return server.descriptors() == before + 1; }));
  // The next one takes out another one's connection and stays itself.
  burst.push_back(connected_to(server.address()));
  EXPECT_TRUE(eventually([&] { return server.descriptors() == before + 2; }));
  EXPECT_FALSE(spins(server));
  EXPECT_EQ(server.descriptors(), before + 2);
}

}  // namespace
}  // namespace closewait
