#pragma once

#include "base/unique_fd.h"
#include "server/connection_table.h"
#include "server/counters.h"
#include "server/event_loop.h"
#include "server/listener.h"

namespace closewait {

// Accepts what one listener gets, a bounded number each time, so that it cannot starve the
// connections. Owns the listener and a spare descriptor: when there are no more descriptors it
// gives the spare one up to accept a connection and turn it away, since a connection left in the
// queue would wake the loop for ever. Borrows the loop, the table and the counters. Belongs to the
// loop's thread.
class Acceptor final : private ReadyHandler, private TimerHandler {
 public:
  // Throws SetupError.
  Acceptor(Listener listener, EventLoop& loop, ConnectionTable& table, Counters& counters);

  // Accepts what waits in the queue now: closing the listener would reset it.
  void accept_waiting();

 private:
  void on_ready(std::uint32_t slot, std::uint32_t events) override;
  void on_expiry(std::uint32_t key) override;
  [[nodiscard]] bool accept_one();
  [[nodiscard]] bool survive(int error);
  [[nodiscard]] bool turn_away();
  void pause();

  EventLoop& loop_;
  ConnectionTable& table_;
  Counters& counters_;
  Listener listener_;
  UniqueFd spare_;
  Watch watch_;
  Timer resume_;
};

}  // namespace closewait
