#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "server/connections/capacity.h"
#include "server/connections/listener.h"
#include "server/options.h"
#include "server/processes/counter_memory.h"
#include "server/tls/tls_context.h"
#include "server/worker.h"

namespace closewait {

// What one process serves: its workers and their threads, from start() to wait(). Owns its
// listeners and borrows the counters. Owned and called by one thread, save drain() and stop().
class Server {
 public:
  // Counters and listeners are one for each worker. Throws SetupError.
  Server(ServerOptions options, std::span<WorkerCounters> counters,
         std::vector<std::vector<Listener>> listeners);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Starts the threads. The last one to end calls `on_finished`.
  void start(std::function<void()> on_finished = {});
  // Stops accepting, finishes what is owed, then ends.
  void drain() noexcept;
  // Ends at once.
  void stop() noexcept;
  // Until all threads have ended.
  void wait();

 private:
  ServerOptions options_;
  std::optional<TlsContext> tls_;
  Capacity capacity_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::function<void()> on_finished_;
  std::atomic<std::size_t> running_{0};  // counted down by the workers' threads
  std::vector<std::jthread> threads_;
};

}  // namespace closewait
