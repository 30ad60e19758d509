#include "server/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace closewait {

Signals::Signals(EventLoop& loop, SignalActions actions) : actions_(std::move(actions)) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t heard;
  sigemptyset(&heard);
  sigaddset(&heard, SIGTERM);
  sigaddset(&heard, SIGINT);
  sigaddset(&heard, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &heard, nullptr);
  fd_ = UniqueFd(::signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK));
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
    } else if (info.ssi_signo == SIGINT || std::exchange(draining_, true)) {
      actions_.stop();
    } else {
      actions_.drain();
    }
  }
}

}  // namespace closewait
