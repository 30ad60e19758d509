#include "faults/host/process_for_tests.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/clock.h"
#include "faults/host/process.h"

namespace closewait::testing {
namespace {

constexpr std::chrono::seconds kPatience(10);

int fork_one_that_waits() {
  const pid_t owner = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (::getppid() == owner) ::pause();
  ::_exit(0);
}

[[noreturn]] void obey(int link) {
  char what = 0;
  while (::recv(link, &what, 1, 0) == 1) {
    int answer = 0;
    if (what == 'o') answer = ::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
    if (what == 'c') answer = fork_one_that_waits();
    static_cast<void>(::send(link, &answer, sizeof(answer), MSG_NOSIGNAL));
  }
  ::_exit(0);
}

}  // namespace

bool eventually(const std::function<bool()>& holds) {
  const Instant deadline = Clock::now() + kPatience;
  while (!holds()) {
    if (Clock::now() > deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

ObedientProcess::ObedientProcess() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  link_ = UniqueFd(ends[0]);
  const UniqueFd its(ends[1]);
  pid_ = ::fork();
  if (pid_ != 0) {
    static_cast<void>(answers());  // from now on it changes only as it is told
    return;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  link_.reset();
  obey(its.get());
}

ObedientProcess::~ObedientProcess() {
  if (child_ > 0) ::kill(child_, SIGKILL);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> ObedientProcess::tell(char what, std::chrono::milliseconds at_most) {
  static_cast<void>(::send(link_.get(), &what, 1, MSG_NOSIGNAL));
  ++unanswered_;
  int answer = 0;
  while (unanswered_ > 0) {  // of an earlier question too
    pollfd wait{link_.get(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(at_most.count())) != 1) return {};
    if (::recv(link_.get(), &answer, sizeof(answer), 0) != sizeof(answer)) return {};
    --unanswered_;
  }
  return answer;
}

bool ObedientProcess::answers(std::chrono::milliseconds at_most) {
  return tell('p', at_most).has_value();
}

int ObedientProcess::open_another() { return tell('o', kPatience).value_or(-1); }

pid_t ObedientProcess::start_child() { return child_ = tell('c', kPatience).value_or(-1); }

char letter_of(pid_t pid) {
  const auto state = state_of(pid);
  return state ? state->letter : '-';
}

OngoingFault::State settle(OngoingFault& fault) {
  auto state = OngoingFault::State::kComing;
  static_cast<void>(eventually([&] {
    state = fault.step();
    return state != OngoingFault::State::kComing;
  }));
  return state;
}

}  // namespace closewait::testing
