#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/address.h"
#include "server/capacity.h"
#include "server/options.h"
#include "server/totals.h"
#include "server/worker.h"

namespace closewait {

// The whole server: its workers and their threads. Listens from construction on and serves from
// start() to wait(). Owned and called by one thread, save drain(), stop() and
// totals().
class Server {
 public:
  explicit Server(ServerOptions options);  // throws SetupError
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The addresses listened on, in the order of the options, with the ports they got.
  [[nodiscard]] const std::vector<SocketAddress>& addresses() const { return addresses_; }

  // Starts the threads. The last one to end calls `on_finished`.
  void start(std::function<void()> on_finished = {});
  // Stops accepting, finishes what is owed, then ends.
  void drain() noexcept;
  // Ends at once.
  void stop() noexcept;
  // Until all threads have ended.
  void wait();

  [[nodiscard]] const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }
  // Summed over the workers. Any time, any thread.
  [[nodiscard]] Totals totals() const;

 private:
  ServerOptions options_;
  std::vector<SocketAddress> addresses_;
  Capacity capacity_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::function<void()> on_finished_;
  std::atomic<std::size_t> running_{0};  // counted down by the workers' threads
  std::vector<std::jthread> threads_;
};

}  // namespace closewait
