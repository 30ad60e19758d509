#pragma once

#include <functional>

#include "base/unique_fd.h"
#include "server/event_loop.h"

namespace closewait {

// What signals ask for.
struct SignalActions {
  std::function<void()> drain;   // the first SIGTERM
  std::function<void()> stop;    // a second one, or SIGINT
  std::function<void()> reload;  // SIGHUP
};

// Turns signals into calls on the loop's thread. Owns the signalfd and the actions; blocks these
// signals and ignores SIGPIPE for the thread it is made on and for the threads made after it, so
// make it first. Borrows the loop.
class Signals final : private ReadyHandler {
 public:
  Signals(EventLoop& loop, SignalActions actions);  // throws SetupError

 private:
  void on_ready(std::uint32_t slot, std::uint32_t events) override;

  SignalActions actions_;
  UniqueFd fd_;
  Watch watch_;
  bool draining_ = false;
};

}  // namespace closewait
