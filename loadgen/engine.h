#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/address.h"
#include "loadgen/generator.h"
#include "loadgen/port_table.h"
#include "loadgen/scenario.h"
#include "record/tally.h"

namespace closewait {

class Worker;

// The workers together: tells them the phases and adds up what they counted. Owns the workers and
// their threads; borrows the scenario, the target's addresses and the port table, which outlive it.
// Called by one thread.
class Engine : public Generator {
 public:
  struct Setup {
    const Scenario* scenario = nullptr;
    std::span<const SocketAddress> targets;  // taken in turn
    PortTable* ports = nullptr;              // null: the kernel chooses the ports
    // Where several processes play one load: which of them this is, and how many workers each has
    // (0: all that the scenario asks for). The limits of the scenario are shared out among all.
    std::size_t process = 0;
    std::size_t processes = 1;
    std::size_t workers = 0;
    // Of the scenario's behaviours, those that cannot happen here: their arrivals are skipped.
    std::vector<bool> left_out = {};
  };

  explicit Engine(const Setup& setup);
  ~Engine() override;

  void begin(const Phase& phase) override { begin(phase, Clock::now()); }
  // The same at an instant that other processes are told too.
  void begin(const Phase& phase, Instant start);
  [[nodiscard]] bool idle() override;
  // No further arrivals; what runs is left alone.
  void end_arrivals();
  void cut() override;
  [[nodiscard]] Report report() override;
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
