#include "rig/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"

namespace closewait {

Interrupt::Interrupt() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) {
    throw SetupError("sigprocmask: " + describe(last_error()));
  }
  fd_ = UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw SetupError("signalfd: " + describe(last_error()));
}

void Interrupt::take() const {
  signalfd_siginfo signal{};
  while (::read(fd_.get(), &signal, sizeof signal) > 0) {
  }
}

bool Interrupt::came() const {
  pollfd wait{fd_.get(), POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

}  // namespace closewait
