#include "server/processes/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace closewait {
namespace {

struct Channel {
  UniqueFd ours;
  UniqueFd theirs;
};

Channel open_channel() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw SetupError("socketpair: " + describe(last_error()));
  }
  return {.ours = UniqueFd(ends[0]), .theirs = UniqueFd(ends[1])};
}

// Starts a program that has these of our descriptors, by the same numbers, and no other.
pid_t spawn(const ChildCommand& command, std::span<const int> fds) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // Onto itself: in the child it is not closed by exec any more (posix_spawn(3)).
  for (const int fd : fds) ::posix_spawn_file_actions_adddup2(&actions, fd, fd);
  std::string name = "closewait-server";
  std::string inherit = fmt::format("--inherit={}", fmt::join(fds, ","));
  std::vector<std::string> arguments = command.arguments;
  std::vector<char*> argv{name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(inherit.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, command.program.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw SetupError(
        fmt::format("cannot start {}: {}", command.program, describe(errno_error(error))));
  }
  return pid;
}

UniqueFd adopt(int fd) {
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    throw UsageError(fmt::format("--inherit: {} is no open descriptor", fd));
  }
  return UniqueFd(fd);
}

}  // namespace

ChildProcess::ChildProcess(const ChildCommand& command, const Listeners& listeners,
                           unsigned first_loop)
    : counters_(command.workers) {
  Channel channel = open_channel();
  std::vector<int> fds{channel.theirs.get(), counters_.fd()};
  for (unsigned i = 0; i < command.workers; ++i) {
    for (const Listener& listener : listeners.of(first_loop + i)) {
      fds.push_back(listener.fd.get());
    }
  }
  pid_ = spawn(command, fds);
  channel_ = std::move(channel.ours);
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) {
    const error_code error = last_error();
    kill();
    ::waitpid(pid_, nullptr, 0);
    throw SetupError("pidfd_open: " + describe(error));
  }
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  kill();
  ::waitpid(pid_, nullptr, 0);
}

bool ChildProcess::hear() const noexcept {
  char word = 0;
  return ::recv(channel_.get(), &word, sizeof word, MSG_DONTWAIT) > 0;
}

// It fails when the child has ended, which its pidfd tells.
void ChildProcess::drain() const noexcept { say(kDrainWord); }
void ChildProcess::stop() const noexcept { say(kStopWord); }
void ChildProcess::say(char word) const noexcept {
  static_cast<void>(::send(channel_.get(), &word, sizeof word, MSG_DONTWAIT | MSG_NOSIGNAL));
}

// Not waited for yet, so the number is still its own.
void ChildProcess::kill() const noexcept { ::kill(pid_, SIGKILL); }

std::string ChildProcess::wait() {
  int status = 0;
  const pid_t pid = std::exchange(pid_, -1);
  ::waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) {
    return fmt::format("process {} was ended by signal {} ({})", pid, WTERMSIG(status),
                       ::strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return fmt::format("process {} ended with status {}", pid, WEXITSTATUS(status));
  }
  return {};
}

Inheritance::Inheritance(std::span<const int> fds, std::span<const ListenAddress> where,
                         unsigned workers)
    : channel(adopt(fds.front())),
      counters(adopt(fds.size() > 1 ? fds[1] : -1), workers),
      listeners(workers) {
  auto sockets = fds.subspan(2);
  if (sockets.size() != where.size() * workers) {
    throw UsageError(fmt::format("--inherit: {} descriptors, expected {}", fds.size(),
                                 2 + where.size() * workers));
  }
  for (auto& own : listeners) {
    for (const ListenAddress& address : where) {
      UniqueFd fd = adopt(sockets.front());
      sockets = sockets.subspan(1);
      const auto bound = SocketAddress::local_of(fd.get());
      if (!bound) throw UsageError("--inherit: " + describe(bound.error()));
      own.push_back({std::move(fd), *bound, address.layer});
    }
  }
}

}  // namespace closewait
