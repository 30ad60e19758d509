#include "server/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace closewait {

namespace {

sigset_t heard() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

void block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);  // ignored, it would take the status of children away
  const sigset_t set = heard();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals(EventLoop& loop, SignalActions actions) : actions_(std::move(actions)) {
  const sigset_t set = heard();
  fd_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw SetupError("signalfd: " + describe(last_error()));
  auto watch = loop.watch(fd_.get(), EPOLLIN, *this);
  if (!watch) throw SetupError("epoll_ctl: " + describe(watch.error()));
  watch_ = std::move(*watch);
}

void Signals::on_ready(std::uint32_t, std::uint32_t) {
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGHUP) {
      actions_.reload();
    } else if (info.ssi_signo == SIGINT) {
      actions_.stop();
    } else {
      actions_.drain();
    }
  }
}

}  // namespace closewait
