#include "bench/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr Nanoseconds kStart = std::chrono::seconds(10);

bool accepts(const SocketAddress& address) {
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.data(), address.size()) == 0;
}

}  // namespace

SocketAddress free_address() {
  const SocketAddress any = SocketAddress::parse("127.0.0.1:0").value();
  const UniqueFd fd(::socket(any.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(fd.get(), any.data(), any.size()) != 0) {
    throw SetupError("bind: " + describe(last_error()));
  }
  return SocketAddress::local_of(fd.get()).value();
}

ServerProcess::ServerProcess(std::vector<std::string> command, const SocketAddress& address)
    : address_(address) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int error = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw SetupError(fmt::format("{}: {}", command.front(), describe(errno_error(error))));
  }
  const Instant end = Clock::now() + kStart;
  while (!accepts(address_)) {
    const bool over = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
    if (over) pid_ = -1;
    if (over || Clock::now() > end) {
      stop();
      throw SetupError(fmt::format("{}: does not accept at {}{}", command.front(),
                                   address_.to_string(), over ? ", it has ended" : ""));
    }
    static_cast<void>(::poll(nullptr, 0, 10));
  }
}

ServerProcess::~ServerProcess() { stop(); }

void ServerProcess::stop() noexcept {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Nanoseconds ServerProcess::cpu_time() const {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    throw SetupError("the server has ended");
  }
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

std::uint64_t ServerProcess::own_memory() const {
  std::ifstream status(fmt::format("/proc/{}/status", pid_));
  for (std::string word; status >> word;) {
    if (word != "RssAnon:") continue;
    std::uint64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes * 1024;
  }
  throw SetupError("the server has ended");
}

std::size_t ServerProcess::descriptors() const {
  const std::filesystem::directory_iterator all(fmt::format("/proc/{}/fd", pid_));
  return static_cast<std::size_t>(std::distance(all, std::filesystem::directory_iterator()));
}

}  // namespace closewait
