#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/unique_fd.h"

namespace closewait {

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
  // From now on nobody reads its errors.
  void deafen() { err_.reset(); }
  std::string error_line() const { return read(err_.get(), true); }
  // All there is till its end.
  std::string errors() const { return read(err_.get(), false); }

  [[nodiscard]] pid_t pid() const { return pid_; }

  // From its next line, "listening on ADDR (SERVICE)".
  SocketAddress address() const { return address_in("listening on ", " (", line()); }
  // SIGSTOP has stopped it.
  [[nodiscard]] bool stands_still() const {
    std::ifstream file(fmt::format("/proc/{}/stat", pid_));
    std::string stat{std::istreambuf_iterator<char>(file), {}};
    return stat.find(") T ") != std::string::npos;
  }
  // The processes that it has started and that have not ended.
  [[nodiscard]] std::set<pid_t> children() const {
    std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", pid_));
    return {std::istream_iterator<pid_t>(file), {}};
  }
  // From its next line, "metrics at http://ADDR/metrics".
  SocketAddress metrics_address() const { return address_in("metrics at http://", "/", line()); }

 private:
  static SocketAddress address_in(std::string_view before, std::string_view after,
                                  const std::string& line) {
    EXPECT_THAT(line, testing::StartsWith(before));
    const auto end = line.find(after, before.size());
    if (!line.starts_with(before) || end == std::string::npos) return {};
    const auto address = SocketAddress::parse(line.substr(before.size(), end - before.size()));
    EXPECT_TRUE(address) << line;
    return address ? *address : SocketAddress();
  }
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

// What the line of counters at its end says of one; 0 when it does not name it.
inline std::uint64_t counted(const std::string& totals, const std::string& name) {
  const auto at = totals.find(" " + name + "=");
  return at == std::string::npos ? 0 : std::stoull(totals.substr(at + name.size() + 2));
}

}  // namespace closewait
