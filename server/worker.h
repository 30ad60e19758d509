#pragma once

#include <atomic>
#include <list>
#include <vector>

#include "server/connections/acceptor.h"
#include "server/connections/capacity.h"
#include "server/connections/connection_table.h"
#include "server/connections/listener.h"
#include "server/loop/event_loop.h"
#include "server/options.h"
#include "server/processes/counter_memory.h"

namespace closewait {

// One loop with its listeners and its connections, and all that is needed to run them on one
// thread. Borrows all but the listeners. run() is the thread;
// drain() and stop() may be called by any other.
class Worker final : private TimerHandler {
 public:
  // Throws SetupError.
  Worker(const ServerOptions& options, Capacity& capacity, const TlsContext* tls,
         WorkerCounters& counters, std::vector<Listener> listeners);

  // Serves until stop(), or until what drain() leaves is done.
  void run();
  void drain() noexcept;
  void stop() noexcept { loop_.stop(); }

 private:
  void begin_drain();
  void on_expiry(std::uint32_t key) override;

  const ServerOptions& options_;
  EventLoop loop_;
  ConnectionTable table_;
  std::list<Acceptor> acceptors_;  // a list, because they stay where they are
  Timer drain_deadline_;
  std::atomic<bool> drain_asked_{false};  // set by the thread that hears signals
  bool draining_ = false;
};

}  // namespace closewait
