#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <list>
#include <string>
#include <vector>

#include "server/tests/peer_for_tests.h"
#include "server/tests/program_for_tests.h"

namespace closewait {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::vector<std::string> kHttp = {"--listen", "127.0.0.1:0", "--service", "http"};

TEST(Program, EndsOnSigtermAfterWhatItOwesAndTellsItsCounters) {
  std::vector<std::string> arguments = kHttp;
  arguments.insert(arguments.end(), {"--drain-timeout", "1m", "--linger-timeout", "1m"});
  Program program(arguments);
  Peer peer(program.address(), 16 * 1024);
  ASSERT_TRUE(peer.send("GET /bytes/20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::string start = peer.receive(1);
  program.signal(SIGTERM);
  EXPECT_TRUE((start + peer.receive_all()).ends_with(pattern_text(20'000'000)));
  peer.close();
  EXPECT_EQ(program.wait(), 0);
  const std::string errors = program.errors();
  EXPECT_THAT(errors, StartsWith("closewait-server: accepted=1 "));
  EXPECT_THAT(errors, HasSubstr(" closed_peer_closed=1 "));
}

TEST(Program, ASecondSignalEndsItAtOnce) {
  std::vector<std::string> arguments = kHttp;
  arguments.insert(arguments.end(), {"--drain-timeout", "1h", "--write-timeout", "1h"});
  Program program(arguments);
  Peer peer(program.address());
  ASSERT_TRUE(peer.send("GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_EQ(peer.receive(1), "H");
  program.signal(SIGTERM);
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(), HasSubstr("closed_shutdown=1"));
}

TEST(Program, WhoWaitsInTheQueueWhenItIsToldToEndIsStillServed) {
  Program program(kHttp);
  const SocketAddress address = program.address();
  program.signal(SIGSTOP);
  std::list<Peer> waiting;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(waiting.emplace_back(address).send("GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  program.signal(SIGTERM);
  program.signal(SIGCONT);
  for (Peer& peer : waiting) {
    EXPECT_THAT(peer.receive_until(pattern_text(3)), StartsWith("HTTP/1.1 200 "));
    peer.close();
  }
  EXPECT_EQ(program.wait(), 0);
}

TEST(Program, EachDeadlineHasItsFlagAndItsReason) {
  std::vector<std::string> arguments = kHttp;
  for (const char* what : {"idle", "head", "body", "write", "linger"}) {
    arguments.push_back(fmt::format("--{}-timeout", what));
    arguments.push_back("200ms");
  }
  Program program(arguments);
  const SocketAddress address = program.address();
  Peer idle(address);
  Peer head(address);
  Peer body(address);
  Peer reader(address, 16 * 1024);
  Peer stays(address);
  ASSERT_TRUE(head.send("GET"));
  ASSERT_TRUE(body.send("PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na"));
  ASSERT_TRUE(reader.send("GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(stays.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(idle.receive(), "");
  EXPECT_THAT(head.receive_all(), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(body.receive_all(), StartsWith("HTTP/1.1 408 "));
  pollfd reset{.fd = reader.fd(), .events = 0, .revents = 0};
  EXPECT_EQ(::poll(&reset, 1, 20'000), 1) << "what is not taken has no deadline";
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(), HasSubstr(" closed_idle=1 closed_slow_head=1 closed_slow_body=1"
                                          " closed_slow_read=1 closed_slow_close=1 "));
}

TEST(Program, SaysWhichPortIsTaken) {
  const Program first(kHttp);
  const std::string address = first.address().to_string();
  Program second({"--listen", address, "--service", "echo"});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_EQ(second.errors(), "closewait-server: cannot listen on " + address +
                                 ": Address already in use (EADDRINUSE)\n");
}

TEST(Program, ASecondSigtermEndsItAtOnce) {
  std::vector<std::string> arguments = kHttp;
  arguments.insert(arguments.end(), {"--drain-timeout", "1h", "--write-timeout", "1h"});
  Program program(arguments);
  const SocketAddress address = program.address();
  Peer peer(address);
  ASSERT_TRUE(peer.send("GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_EQ(peer.receive(1), "H");
  program.signal(SIGTERM);
  // Two that wait are one: the first has been heard when nobody listens any more.
  ASSERT_TRUE(eventually([&] { return !connects(address); }));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(), HasSubstr("closed_shutdown=1"));
}

TEST(Program, LeavesAFileAloneThatIsNoSocket) {
  const std::string path = testing::TempDir() + fmt::format("precious-{}", ::getpid());
  std::ofstream(path) << "precious\n";
  Program program({"--listen", "unix:" + path, "--service", "echo"});
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.errors(), HasSubstr("EADDRINUSE"));
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

TEST(Program, LeavesNoSocketFileWhenItCannotListenEverywhere) {
  const Program first(kHttp);
  const std::string taken = first.address().to_string();
  const std::string path = testing::TempDir() + fmt::format("partly-{}.sock", ::getpid());
  Program second({"--listen", "unix:" + path, "--listen", taken, "--service", "echo"});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.errors(), HasSubstr("cannot listen on " + taken));
  EXPECT_FALSE(std::filesystem::exists(path));
}

struct Bad {
  std::vector<std::string> arguments;
  std::string_view says;
};

TEST(Program, RefusesBadInputInOneLine) {
  const Bad cases[] = {
      {{"--listen", "nowhere", "--service", "http"}, "--listen nowhere: expected an address"},
      {{"--listen", "127.0.0.1:0", "--service", "htp"}, "did you mean 'http'?"},
      {{"--listen", "127.0.0.1:0"}, "--service is required"},
      {{"--service", "http"}, "--listen or --listen-tls is required"},
      {{"--listen-tls", "::1", "--service", "http"}, "--listen-tls ::1: expected an address"},
      {{"--listen-tls", "127.0.0.1:0", "--service", "http", "--key", "a"}, "--certificate"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--key", "a", "--certificate", "b"},
       "--certificate is of no use without --listen-tls"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--processes", "0"}, "--processes"},
      {{"--listen-tls", "127.0.0.1:0", "--service", "http", "--certificate", "", "--key", "k"},
       "--certificate: expected a file"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--inherit", "900"}, "--inherit"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--workers", "0"}, "--workers"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--idle-timeout", "5"},
       "--idle-timeout 5: expected a duration"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--metrics", "9465"},
       "--metrics 9465: expected a numeric host and a port, such as"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--metrics", "unix:/run/m.sock"},
       "--metrics unix:/run/m.sock: expected a numeric host"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--max-connections", "0"},
       "--max-connections"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--max-head", "1MiB"},
       "--max-head 1MiB: expected 256B to 64KiB"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--max-body", "x"},
       "--max-body x: expected a size"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--head-timeout", "0s"},
       "--head-timeout 0s: expected a duration"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--bogus"}, "--bogus"},
  };
  for (const Bad& bad : cases) {
    Program program(bad.arguments);
    EXPECT_EQ(program.wait(), 2) << bad.says;
    const std::string errors = program.errors();
    EXPECT_THAT(errors, StartsWith("closewait-server: "));
    EXPECT_THAT(errors, HasSubstr(bad.says));
    EXPECT_EQ(std::ranges::count(errors, '\n'), 1) << errors;
  }
}

}  // namespace
}  // namespace closewait
