#include "faults/host/guardian.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>
#include <vector>

namespace closewait {
namespace {

struct Message {
  bool is_promise = false;
  Undo undo;
};
constexpr char kReady = 'r';
static_assert(std::is_trivially_copyable_v<Message>);

error_code send(int link, const Message& message) {
  ssize_t sent = 0;
  do {
    sent = ::send(link, &message, sizeof(message), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? last_error() : error_code{};
}

// Until the link ends; then what is left is undone, the last thing first. What was sent before the
// rig was killed comes before the end.
void watch(int link) {
  std::vector<Undo> promised;
  while (true) {
    Message message;
    const ssize_t got = ::recv(link, &message, sizeof(message), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof(message)) break;
    std::erase(promised, message.undo);
    if (message.is_promise) promised.push_back(message.undo);
  }
  std::for_each(promised.rbegin(), promised.rend(), [](const Undo& each) {
    static_cast<void>(carry_out(each));  // there is nobody to tell
  });
}

[[noreturn]] void live_as_guardian(int link) {
  ::prctl(PR_SET_NAME, "closewait-guard");
  ::setsid();
  ::dup2(link, STDIN_FILENO);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
  ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
  ::send(STDIN_FILENO, &kReady, sizeof(kReady), MSG_NOSIGNAL);  // else the rig has ended
  watch(STDIN_FILENO);
  // Nothing of the process that this is a copy of is undone here.
  ::_exit(0);
}

}  // namespace

Guardian::Guardian() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw SetupError("socketpair: " + describe(last_error()));
  }
  UniqueFd its(ends[0]);
  link_ = UniqueFd(ends[1]);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);  // it has them blocked from the first instant
  pid_ = ::fork();
  const error_code error = last_error();
  if (pid_ == 0) live_as_guardian(its.get());
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid_ < 0) throw SetupError("fork: " + describe(error));
  its.reset();
  char ready = 0;
  if (::recv(link_.get(), &ready, 1, 0) == 1) return;
  ::waitpid(pid_, nullptr, 0);
  throw SetupError("the guardian that would undo host faults ended at once");
}

Guardian::~Guardian() {
  link_.reset();
  ::waitpid(pid_, nullptr, 0);
}

error_code Guardian::promise(const Undo& undo) { return send(link_.get(), {true, undo}); }

void Guardian::release(const Undo& undo) {
  static_cast<void>(send(link_.get(), {false, undo}));  // gone: then it does nothing either
}

error_code UndoList::promise(const Undo& undo) {
  const error_code error = guardian_.promise(undo);
  if (!error) all_.push_back(undo);
  return error;
}

std::string UndoList::undo() {
  std::string failed;
  std::vector<Undo> left;
  for (; !all_.empty(); all_.pop_back()) {
    const Undo& each = all_.back();
    if (const error_code error = carry_out(each)) {
      failed += fmt::format("{}pid {} could not be put back: {}", failed.empty() ? "" : "; ",
                            each.process.pid, describe(error));
      left.insert(left.begin(), each);
    } else {
      guardian_.release(each);
    }
  }
  all_ = std::move(left);
  return failed;
}

}  // namespace closewait
