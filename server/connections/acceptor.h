#pragma once

#include "server/connections/connection_table.h"
#include "server/connections/descriptor_reserve.h"
#include "server/connections/listener.h"
#include "server/counting/counters.h"
#include "server/loop/event_loop.h"

namespace closewait {

// Accepts what one listener gets, a bounded number each time, so that it cannot starve the
// connections: one at first, since the accept() that finds nothing costs as much as one that does,
// and more while they keep coming. When there are no more descriptors it opens the reserve and
// turns peers away. Owns the listener; borrows the loop, the table, the counters and the reserve.
// Belongs to the loop's thread.
class Acceptor final : private ReadyHandler, private TimerHandler {
 public:
  // Throws SetupError.
  Acceptor(Listener listener, EventLoop& loop, ConnectionTable& table, Counters& counters,
           DescriptorReserve& reserve);

  // Accepts what waits in the queue now: closing the listener would reset it.
  void accept_waiting();

 private:
  void on_ready(std::uint32_t slot, std::uint32_t events) override;
  void on_expiry(std::uint32_t key) override;
  [[nodiscard]] bool accept_one();
  [[nodiscard]] bool survive(int error);
  [[nodiscard]] bool open_reserve();
  void pause();

  EventLoop& loop_;
  ConnectionTable& table_;
  Counters& counters_;
  DescriptorReserve& reserve_;
  Listener listener_;
  Watch watch_;
  Timer resume_;
  int at_once_ = 1;
  int full_ = 0;  // how often in a row there were as many
};

}  // namespace closewait
