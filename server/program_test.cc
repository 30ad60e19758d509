#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "server/peer_for_tests.h"

namespace closewait {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

// The real program in a process of its own. Ends it and waits for it.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    int out[2];
    int err[2];
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(err, O_CLOEXEC), 0);
    out_ = UniqueFd(out[0]);
    err_ = UniqueFd(err[0]);
    const UniqueFd their_out(out[1]);
    const UniqueFd their_err(err[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, their_out.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, their_err.get(), 2);
    const char* bin = std::getenv("CLOSEWAIT_BIN");
    std::string path = std::string(bin != nullptr ? bin : "bin") + "/closewait-server";
    std::vector<char*> argv{path.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Program() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) (void)wait();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void signal(int number) const { ::kill(pid_, number); }
  // Its exit status; -1 when a signal ended it.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string line() const { return read(out_.get(), true); }
  std::string errors() const { return read(err_.get(), false); }

  // From "listening on ADDR (SERVICE)".
  SocketAddress address() const {
    const std::string text = line();
    EXPECT_THAT(text, MatchesRegex("listening on 127.0.0.1:[0-9]+ \\((http|echo)\\)\n"));
    const std::size_t start = std::string_view("listening on ").size();
    return *SocketAddress::parse(text.substr(start, text.find(" (") - start));
  }

 private:
  static std::string read(int fd, bool one_line) {
    std::string text;
    char byte = 0;
    while (::read(fd, &byte, 1) == 1) {
      text += byte;
      if (one_line && byte == '\n') break;
    }
    return text;
  }

  pid_t pid_ = -1;
  UniqueFd out_;
  UniqueFd err_;
};

const std::vector<std::string> kHttp = {"--listen", "127.0.0.1:0", "--service", "http"};

TEST(Program, EndsOnSigtermAfterWhatItOwesAndTellsItsCounters) {
  std::vector<std::string> arguments = kHttp;
  arguments.insert(arguments.end(), {"--drain-timeout", "1m", "--linger-timeout", "1m"});
  Program program(arguments);
  Peer peer(program.address(), 16 * 1024);
  ASSERT_TRUE(peer.send("GET /bytes/20000000 HTTP/1.1\r\n\r\n"));
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
  ASSERT_TRUE(peer.send("GET /bytes/50000000 HTTP/1.1\r\n\r\n"));
  ASSERT_EQ(peer.receive(1), "H");
  program.signal(SIGTERM);
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(), HasSubstr("closed_shutdown=1"));
}

TEST(Program, SaysWhichPortIsTaken) {
  const Program first(kHttp);
  const std::string address = first.address().to_string();
  Program second({"--listen", address, "--service", "echo"});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_EQ(second.errors(), "closewait-server: cannot listen on " + address +
                                 ": Address already in use (EADDRINUSE)\n");
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
      {{"--listen", "127.0.0.1:0", "--service", "http", "--workers", "0"}, "--workers"},
      {{"--listen", "127.0.0.1:0", "--service", "http", "--idle-timeout", "5"},
       "--idle-timeout 5: expected a duration"},
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
