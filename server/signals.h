#pragma once

#include "base/unique_fd.h"
#include "server/event_loop.h"

namespace closewait {

class Server;

// Turns signals into calls: the first SIGTERM drains the server, a second or SIGINT stops it.
// Owns the signalfd; blocks both signals and ignores SIGPIPE for the thread it is made on and for
// the threads made after it, so make it first. Borrows the loop and the server.
class Signals final : private ReadyHandler {
 public:
  Signals(EventLoop& loop, Server& server);  // throws SetupError

 private:
  void on_ready(std::uint32_t slot, std::uint32_t events) override;

  Server& server_;
  UniqueFd fd_;
  Watch watch_;
  bool draining_ = false;
};

}  // namespace closewait
