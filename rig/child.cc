#include "rig/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/error.h"
#include "base/open_files.h"

namespace closewait {
namespace {

constexpr std::size_t kLogCap = 16 * 1024 * 1024;
constexpr Nanoseconds kTermPatience = std::chrono::milliseconds(1500);
constexpr Nanoseconds kKillPatience = std::chrono::seconds(5);

[[noreturn]] void fail(const std::string& what) { throw SetupError(what); }

// A program that was built with the rig lies beside it.
std::string program_of(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / name;
  return !error && ::access(beside.c_str(), X_OK) == 0 ? beside.string() : name;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe: " + describe(last_error()));
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// In the child, between fork and exec: only calls that are safe there. `owner` is the rig, whose
// end is the child's end too; 0 when the child is to be kept.
[[noreturn]] void become(char* const* arguments, int output, int report, pid_t owner) {
  ::setpgid(0, 0);
  if (owner != 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != owner) ::_exit(127);  // the rig ended before that took effect
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  restore_open_files();
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (null > STDERR_FILENO) ::syscall(SYS_close_range, null, null, 0);
  ::execvp(arguments[0], arguments);
  const int error = errno;
  static_cast<void>(!::write(report, &error, sizeof(error)));
  ::_exit(127);
}

// Copies what the target writes into the file, up to the cap, and reads on after it: a target
// that floods its log must not stand still for a full pipe.
void pump(UniqueFd source, UniqueFd file, int stop) {
  std::array<char, 65536> buffer;
  std::size_t written = 0;
  bool last_round = false;
  while (true) {
    std::array<pollfd, 2> wait{pollfd{source.get(), POLLIN, 0}, pollfd{stop, POLLIN, 0}};
    if (::poll(wait.data(), last_round ? 1 : 2, last_round ? 0 : -1) < 0 && errno != EINTR) return;
    if (wait[0].revents == 0 && last_round) return;
    if (wait[1].revents != 0) last_round = true;
    if (wait[0].revents == 0) continue;
    const auto got = ::read(source.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    const auto room = std::min(static_cast<std::size_t>(got), kLogCap - written);
    if (room == 0) continue;
    const auto put = ::write(file.get(), buffer.data(), room);
    if (put > 0) written += static_cast<std::size_t>(put);  // a full disk loses log, not the run
    constexpr std::string_view kCapped = "\n[the log is capped here]\n";
    if (written == kLogCap) static_cast<void>(!::write(file.get(), kCapped.data(), kCapped.size()));
  }
}

}  // namespace

Child::Child(const Setup& setup) : log_(setup.log), keep_(setup.keep) {
  UniqueFd file(::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) fail(log_.string() + ": " + describe(last_error()));
  Pipe output = make_pipe();
  Pipe report = make_pipe();
  std::vector<std::string> command = setup.command;
  command.front() = program_of(command.front());
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  // One that is kept outlives the pipe's reader, and would die of SIGPIPE.
  const int sink = keep_ ? file.get() : output.write.get();
  const pid_t owner = keep_ ? 0 : ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) fail("fork: " + describe(last_error()));
  if (pid_ == 0) become(arguments.data(), sink, report.write.get(), owner);
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  report.write.reset();
  int error = 0;
  if (::read(report.read.get(), &error, sizeof(error)) == sizeof(error)) {
    ::waitpid(pid_, nullptr, 0);
    fail("cannot start '" + setup.command.front() + "': " + describe(errno_error(error)));
  }
  stop_log_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  log_pump_ = std::thread(
      [source = std::move(output.read), out = std::move(file), stop = stop_log_.get()]() mutable {
        pump(std::move(source), std::move(out), stop);
      });
}

Child::~Child() {
  if (!keep_) end();
  finish_log();
}

// What was written before this call is in the file after it.
void Child::finish_log() {
  if (!log_pump_.joinable()) return;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_log_.get(), &one, sizeof(one)));  // never full: written once
  log_pump_.join();
}

std::optional<int> Child::status() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

bool Child::wait_for(Nanoseconds at_most) {
  const Instant deadline = Clock::now() + at_most;
  while (!status()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{pidfd_.get(), POLLIN, 0};
    static_cast<void>(::poll(&wait, 1, static_cast<int>(left.count())));
  }
  return true;
}

void Child::end() {
  if (!status()) ::kill(pid_, SIGTERM);
  static_cast<void>(wait_for(kTermPatience));
  // What is left of its group: itself, or children that outlived it.
  ::kill(-pid_, SIGKILL);
  static_cast<void>(wait_for(kKillPatience));
}

std::vector<std::string> Child::log_tail(std::size_t lines) {
  if (status()) finish_log();  // its last words may still be in the pipe
  std::ifstream file(log_, std::ios::ate | std::ios::binary);
  if (!file) return {};
  constexpr std::streamoff kTail = 8192;
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  std::vector<std::string> tail;
  for (std::string line; std::getline(file, line);) tail.push_back(line);
  if (tail.size() > lines) tail.erase(tail.begin(), tail.end() - static_cast<long>(lines));
  return tail;
}

}  // namespace closewait
