#include "tests/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/clock.h"

namespace closewait::testing {
namespace {

std::string path_of(const std::string& program) {
  const char* bin = std::getenv("CLOSEWAIT_BIN");
  return std::filesystem::absolute(bin != nullptr ? bin : "bin") / program;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = ::testing::TempDir() + "closewait-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder: " << name;
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // a process that ends later may still write there
  std::filesystem::remove_all(path_, ignored);
}

Program::Program(std::vector<std::string> command, const std::filesystem::path& folder) {
  static int number = 0;
  const std::string name =
      fmt::format("{}-{}", std::filesystem::path(command.front()).filename().string(), ++number);
  output_ = folder / (name + ".out");
  errors_ = folder / (name + ".err");
  command.front() = path_of(command.front());
  std::vector<char*> arguments;
  for (std::string& each : command) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_.c_str(), kNew, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors_.c_str(), kNew, 0600);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  const int error =
      ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    ADD_FAILURE() << command.front() << ": errno " << error << "; is CLOSEWAIT_BIN right?";
    pid_ = -1;
    return;
  }
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

Program::~Program() {
  if (pid_ < 0 || status_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const {
  if (pid_ > 0 && !status_) ::kill(pid_, number);
}

std::optional<int> Program::wait(std::chrono::seconds at_most) {
  if (pid_ < 0 || status_) return status_;
  pollfd wait{pidfd_.get(), POLLIN, 0};
  const auto milliseconds = std::chrono::milliseconds(at_most).count();
  if (::poll(&wait, 1, static_cast<int>(milliseconds)) != 1) return {};
  int status = 0;
  ::waitpid(pid_, &status, 0);
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

std::string Program::output() const { return text_of(output_); }
std::string Program::errors() const { return text_of(errors_); }

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool eventually(const std::function<bool()>& condition) {
  const Instant deadline = Clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

bool is_gone(pid_t pid) {
  const std::string stat = text_of(fmt::format("/proc/{}/stat", pid));
  const auto name_end = stat.rfind(") ");
  return name_end == std::string::npos || stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

}  // namespace closewait::testing
