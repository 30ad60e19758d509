#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "loadgen/first_on_cpu.h"
#include "loadgen/plan.h"
#include "loadgen/session.h"

namespace closewait {

// One phase as a worker is told it; the same for all of them.
struct PhaseOrder {
  Phase phase;
  std::vector<std::uint32_t> behaviours;  // of phase.clients: index of the run's behaviours
  Instant start;
  std::uint64_t first_number = 0;  // of the phase's connections
  std::uint64_t seed = 0;          // of the run
  Arrivals arrivals = Arrivals::kPoisson;
  std::uint64_t open_at_most = 0;  // of all workers together
};

// One thread, one io_context, its sessions and its tally. It runs each arrival of a phase whose
// number is its own modulo the number of workers. Everything but the atomics is its thread's;
// the public functions are called by the engine's thread and post what they want.
class Worker {
 public:
  struct Setup {
    std::size_t index = 0;
    std::size_t workers = 1;
    std::span<const SocketAddress> targets;
    const TargetSpec* target_spec = nullptr;
    const std::vector<SocketAddress>* sources = nullptr;
    PortTable* ports = nullptr;
    std::size_t behaviours = 0;
    std::vector<bool> left_out;  // of them; empty: none
  };

  explicit Worker(const Setup& setup);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  // cuts what runs, ends the thread

  void begin(const PhaseOrder& order);
  // No further arrivals; what runs is left alone.
  void end_arrivals();
  // Resets every client that still runs; they count as cut.
  void cut();
  // What was counted since the last call, into `tally`.
  void collect(Tally& tally);

  // Clients open or connecting.
  [[nodiscard]] std::uint64_t open() const { return open_.load(std::memory_order_acquire); }
  // No client runs and none will before the next begin().
  [[nodiscard]] bool idle() const { return tasks_.load(std::memory_order_acquire) == 0; }
  // CPU time of its thread since it started.
  [[nodiscard]] Nanoseconds cpu_time() const;

 private:
  template <class Function>
  void run_there(Function function);

  Client::Awaitable<void> arrive();
  Client::Awaitable<void> arrive_by_plan();
  Client::Awaitable<void> pump(std::size_t first);
  Client::Awaitable<void> serve(Assignment assignment);
  Client::Awaitable<void> until(Instant instant);
  Client::Awaitable<void> yield();
  void spawn(Client::Awaitable<void> task);
  void launch(const PlannedConnection& connection);
  [[nodiscard]] Assignment assign(const PlannedConnection& connection, Instant planned) const;
  [[nodiscard]] bool full(std::size_t mix_index) const;
  [[nodiscard]] bool is_left_out(const Assignment& assignment) const;

  boost::asio::io_context io_;
  boost::asio::steady_timer timer_;
  std::vector<std::byte> scratch_;
  Setup setup_;
  SessionContext context_;
  SessionList sessions_;
  Tally tally_;
  std::optional<PhaseOrder> order_;
  std::optional<PhasePlan> plan_;    // of order_: what this worker begins
  std::optional<FirstOnCpu> place_;  // of a phase with `together`
  std::vector<std::uint64_t> open_by_mix_;
  bool over_ = true;                     // no further arrivals
  std::atomic<std::uint64_t> tasks_{0};  // coroutines not ended; read by the engine's thread
  std::atomic<std::uint64_t> open_{0};   // read by the engine's thread
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::thread thread_;
};

}  // namespace closewait
