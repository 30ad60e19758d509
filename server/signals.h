#pragma once

#include <functional>

#include "base/unique_fd.h"
#include "server/loop/event_loop.h"

namespace closewait {

// What signals ask for.
struct SignalActions {
  std::function<void()> drain;   // SIGTERM
  std::function<void()> stop;    // SIGINT
  std::function<void()> reload;  // SIGHUP
};

// Blocks these signals and ignores SIGPIPE, for this thread and all that it makes. Call it before
// anything else: what comes until there is a Signals waits for it.
void block_signals();

// Turns signals into calls on the loop's thread. Owns the signalfd and the actions; borrows the
// loop.
class Signals final : private ReadyHandler {
 public:
  Signals(EventLoop& loop, SignalActions actions);  // throws SetupError

 private:
  void on_ready(std::uint32_t slot, std::uint32_t events) override;

  SignalActions actions_;
  UniqueFd fd_;
  Watch watch_;
};

}  // namespace closewait
