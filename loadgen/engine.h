#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.h"
#include "loadgen/port_table.h"
#include "loadgen/scenario.h"
#include "record/tally.h"

namespace closewait {

class Worker;

// The workers together: tells them the phases and adds up what they counted. Owns the workers and
// their threads; borrows the scenario, the target's address and the port table, which outlive it.
// Called by one thread.
class Engine {
 public:
  struct Setup {
    const Scenario* scenario = nullptr;
    const SocketAddress* target = nullptr;
    PortTable* ports = nullptr;  // null: the kernel chooses the ports
  };

  explicit Engine(const Setup& setup);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Begins a phase with clients now. The one before must be idle.
  void begin(const Phase& phase);
  // No client runs and none will.
  [[nodiscard]] bool idle() const;
  // No further arrivals; what runs is left alone.
  void end_arrivals();
  // Resets every client that still runs.
  void cut();
  // What was counted since the last call.
  [[nodiscard]] const Tally& collect();
  [[nodiscard]] std::uint64_t open() const;
  // The share of its core that the busiest worker used since the last call, 0 to 1.
  [[nodiscard]] double busiest_worker();

 private:
  Setup setup_;
  std::vector<const Behaviour*> behaviours_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::uint64_t next_number_ = 0;
  Tally collected_;
  Tally part_;
  Instant cpu_read_;
  std::vector<Nanoseconds> cpu_times_;
};

}  // namespace closewait
