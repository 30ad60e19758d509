#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <thread>

#include "metrics/scrape_for_tests.h"
#include "server/tests/peer_for_tests.h"
#include "server/tests/program_for_tests.h"
#include "server/tests/trace_for_tests.h"

namespace closewait {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// -D makes strace a child of what it traces, so that signals, exit status and the process id are
// the server's own. Started with it, never attached: that would interrupt epoll_wait.
constexpr std::string_view kStrace =
    "strace -D -f -q --seccomp-bpf -e signal=none -e trace=accept4,epoll_ctl,close";

// While it lives, `closewait-server` is a script that starts the real one under strace.
class Traced {
 public:
  // `more` are options of strace.
  explicit Traced(std::string_view more = "") {
    std::filesystem::create_directories(directory_);
    const char* before = std::getenv("CLOSEWAIT_BIN");
    bin_ = before != nullptr ? before : "bin";
    const std::string script = directory_ + "/closewait-server";
    // LeakSanitizer traces its own process, which has a tracer already.
    std::ofstream(script) << "#!/bin/sh\nexport ASAN_OPTIONS=\"$ASAN_OPTIONS:detect_leaks=0\"\n"
                          << fmt::format(
                                 "exec {} {} -o '{}' '{}' \"$@\"\n", kStrace, more, file(),
                                 std::filesystem::absolute(bin_ + "/closewait-server").string());
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    ::setenv("CLOSEWAIT_BIN", directory_.c_str(), 1);
  }
  ~Traced() {
    ::setenv("CLOSEWAIT_BIN", bin_.c_str(), 1);
    std::filesystem::remove_all(directory_);
  }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

  // Why no process can be traced here; empty when one can.
  [[nodiscard]] static std::string obstacle() {
    if (std::system("command -v strace >/dev/null") != 0) return "strace is not installed";
    const std::string probe = fmt::format("{} -o /dev/null true 2>/dev/null", kStrace);
    if (std::system(probe.c_str()) != 0) return "strace may trace no process here (ptrace)";
    return {};
  }

  [[nodiscard]] std::string file() const { return directory_ + "/trace"; }
  // What was traced until the process `pid` has ended: strace writes on for a moment after it.
  [[nodiscard]] std::string text(pid_t pid) const {
    std::string all;
    EXPECT_TRUE(eventually([&] {
      std::ifstream in(file());
      all.assign(std::istreambuf_iterator<char>(in), {});
      return std::regex_search(all, std::regex(fmt::format("(^|\n){} +\\+\\+\\+ exited", pid)));
    }));
    return all;
  }

 private:
  std::string directory_ = testing::TempDir() + fmt::format("closewait-traced-{}", ::getpid());
  std::string bin_;
};

std::vector<std::string> complaints_about(const std::string& text) {
  Trace trace;
  std::istringstream lines(text);
  trace.lines(lines);
  return trace.complaints();
}

TEST(Trace, ComplainsOfEachWrongOrderAndOfNoRightOne) {
  const std::string accepted = "7 accept4(3, NULL, NULL, SOCK_CLOEXEC) = 9\n";
  const std::string added =
      "7 epoll_ctl(4, EPOLL_CTL_ADD, 9, {events=EPOLLIN, data={u64=1}}) = 0\n";
  const std::string removed = "7 epoll_ctl(4, EPOLL_CTL_DEL, 9, NULL) = 0\n";
  const std::string closed = "7 close(9) = 0\n";
  const std::string whole = accepted + added + removed + closed;
  EXPECT_THAT(complaints_about(whole + accepted + closed + whole), IsEmpty());
  EXPECT_THAT(complaints_about(accepted + added + removed),
              ElementsAre("9 was accepted and never closed"));
  EXPECT_THAT(complaints_about(accepted + added + closed),
              ElementsAre("9 was closed while registered"));
  EXPECT_THAT(complaints_about(whole + "7 close(9) = -1 EBADF (Bad file descriptor)\n"),
              ElementsAre(HasSubstr("EBADF")));
  EXPECT_THAT(complaints_about(accepted + added +
                               "7 epoll_ctl(4, EPOLL_CTL_DEL, 9, NULL <unfinished ...>\n"
                               "8 accept4(3, NULL, NULL, SOCK_CLOEXEC) = -1 EAGAIN (...)\n"
                               "7 <... epoll_ctl resumed>) = -1 EBADF (Bad file descriptor)\n" +
                               closed),
              ElementsAre(HasSubstr("EPOLL_CTL_DEL, 9, NULL) = -1 EBADF"),
                          "9 was closed while registered"));
  // The number is given to another thread before the close of the first has returned.
  EXPECT_THAT(complaints_about(accepted + added + removed + "7 close(9 <unfinished ...>\n" + "8" +
                               accepted.substr(1) + "7 <... close resumed>) = 0\n" + "8" +
                               closed.substr(1)),
              IsEmpty());
}

constexpr std::string_view kRequest = "GET /bytes/1000 HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLastRequest =
    "GET /bytes/1000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view kLargeRequest = "GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n";

void reset_at_once(Peer& peer) { peer.reset(); }
void reset_in_the_answer(Peer& peer) {
  EXPECT_TRUE(peer.send(kLargeRequest));
  EXPECT_EQ(peer.receive(1), "H");
  peer.reset();
}
void end_after_the_answer(Peer& peer) {
  EXPECT_TRUE(peer.send(kRequest));
  EXPECT_EQ(peer.receive(1), "H");
  peer.receive();
  peer.close();
}
void half_close(Peer& peer) {
  EXPECT_TRUE(peer.send(kRequest));
  peer.shut_down_sending();
  EXPECT_GT(peer.receive_all().size(), 1000U);
}
void close_unread(Peer& peer) {
  EXPECT_TRUE(peer.send(kLargeRequest));
  peer.close();
}
void let_the_server_end(Peer& peer) {
  EXPECT_TRUE(peer.send(kLastRequest));
  EXPECT_GT(peer.receive_all().size(), 1000U);
}
void be_refused(Peer& peer) {
  EXPECT_TRUE(peer.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_THAT(peer.receive_all(), testing::StartsWith("HTTP/1.1 404 "));
}
void send_nonsense(Peer& peer) {
  EXPECT_TRUE(peer.send(std::string(100, '\0')));
  EXPECT_THAT(peer.receive_all(), testing::StartsWith("HTTP/1.1 400 "));
}

// Four clients at once, each of which ends its connections in every way, again and again.
void end_in_every_way(const SocketAddress& address, int rounds) {
  constexpr std::array kEnds{reset_at_once, reset_in_the_answer, end_after_the_answer,
                             half_close,    close_unread,        let_the_server_end,
                             be_refused,    send_nonsense};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        for (const auto end : kEnds) {
          Peer peer(address);
          end(peer);
        }
      }
    });
  }
}

// More than the server takes, silent: the first are idle until it closes them, the rest refused.
void wait_to_be_closed(const SocketAddress& address, int count) {
  std::vector<Peer> peers;
  for (int i = 0; i < count; ++i) peers.emplace_back(address);
  for (Peer& peer : peers) {
    peer.receive_all();
    EXPECT_NE(peer.error(), EAGAIN) << "it was never closed";
  }
}

TEST(SystemCalls, UnderLoadEachRegistrationGoesBeforeItsDescriptorWhichIsClosedOnce) {
  if (const std::string obstacle = Traced::obstacle(); !obstacle.empty()) GTEST_SKIP() << obstacle;
  const Traced traced;
  Program program({"--listen", "127.0.0.1:0", "--service", "http", "--workers", "2",
                   "--max-connections", "40", "--idle-timeout", "400ms", "--linger-timeout",
                   "400ms", "--drain-timeout", "50ms"});
  const SocketAddress address = program.address();
  ASSERT_NE(address.port(), 0);
  end_in_every_way(address, 12);
  wait_to_be_closed(address, 90);
  Peer never_reads(address);
  ASSERT_TRUE(never_reads.send(kLargeRequest));
  ASSERT_EQ(never_reads.receive(1), "H");
  const pid_t pid = program.pid();
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  const std::string totals = program.errors();
  for (const char* reason : {"peer_closed", "reset", "idle", "refused", "shutdown"}) {
    EXPECT_GT(counted(totals, fmt::format("closed_{}", reason)), 0U) << totals;
  }

  Trace trace;
  std::istringstream lines(traced.text(pid));
  trace.lines(lines);
  EXPECT_THAT(trace.complaints(), IsEmpty());
  EXPECT_GT(trace.accepted(), 400U);
  EXPECT_EQ(trace.closed(), trace.accepted());
  EXPECT_GT(trace.unregistered(), 350U) << "the registrations were not seen";
}

// The whole system out of files: strace answers in the kernel's place.
TEST(SystemCalls, WhenAcceptFailsWithEnfileItWaitsAndThenServes) {
  if (const std::string obstacle = Traced::obstacle(); !obstacle.empty()) GTEST_SKIP() << obstacle;
  const Traced traced("-e inject=accept4:error=ENFILE:when=1..6");
  Program program({"--listen", "127.0.0.1:0", "--service", "http"});
  Peer peer(program.address());
  ASSERT_TRUE(peer.send(kLastRequest));
  EXPECT_THAT(peer.receive_all(), testing::StartsWith("HTTP/1.1 200 "));
  peer.close();
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(counted(program.errors(), "accept_errors_ENFILE"), 6U);
}

TEST(SystemCalls, AsLongAsAcceptFailsWithEnfileItDoesNotSpin) {
  if (const std::string obstacle = Traced::obstacle(); !obstacle.empty()) GTEST_SKIP() << obstacle;
  const Traced traced("-e inject=accept4:error=ENFILE");
  Program program({"--listen", "127.0.0.1:0", "--service", "http", "--metrics", "127.0.0.1:0"});
  Peer peer(program.address());
  const SocketAddress metrics = program.metrics_address();
  const auto failures = [&] {
    return value_of(scrape(metrics), "closewait_server_accept_errors_total{errno=\"ENFILE\"}");
  };
  ASSERT_TRUE(eventually([&] { return failures() >= 4; }));
  const double before = failures();
  const Instant since = Clock::now();
  ASSERT_TRUE(eventually([&] { return failures() >= before + 6; }));
  // Two tries are 100 ms apart; a spin makes thousands in that time.
  EXPECT_GE(Clock::now() - since, std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace closewait
