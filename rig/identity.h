#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/histogram.h"
#include "base/unique_fd.h"
#include "loadgen/port_table.h"
#include "observe/destroy_feed.h"
#include "observe/observer.h"
#include "record/census.h"

namespace closewait {

// Follows each of our connections to the end of its server side: a thread of its own reads the
// kernel's destroy events and clears the port table with them; in a rest, what is left over is
// matched with the target's sockets. Owns feed and thread, borrows the port table.
class Identity {
 public:
  struct Setup {
    PortTable* ports = nullptr;
    const std::vector<std::string>* behaviours = nullptr;
    // How long the target may keep a connection, by its own promise; nothing promises nothing.
    std::optional<Nanoseconds> promised{};
    std::vector<bool> vanishing{};  // of the behaviours those that end without a word
  };
  Identity(DestroyFeed feed, const Setup& setup);
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity();

  // Reap times by behaviour since the last call.
  [[nodiscard]] std::vector<Histogram> collect_reaped();
  // Changes whenever an event came.
  [[nodiscard]] std::uint64_t events() const { return events_.load(std::memory_order_relaxed); }

  // For rests, when no client runs. How many connections are outstanding now.
  [[nodiscard]] std::uint64_t outstanding() const;
  // Fills the census' outstanding, feed_available and events_lost. What was outstanding at the
  // last call too, and longer than the target's promise, is confirmed; one that went without a word
  // is not where nothing is promised. After a loss of events all
  // is forgotten: it begins anew.
  void take_census(FullLook& look);

 private:
  void read_events();
  void forget_all();
  // Nobody can tell when the target should have noticed.
  [[nodiscard]] bool is_untold(const PortTable::Connection& connection) const;

  DestroyFeed feed_;
  PortTable& ports_;
  const std::vector<std::string>& behaviours_;
  std::optional<Nanoseconds> promised_;
  std::vector<bool> vanishing_;
  UniqueFd stop_;     // eventfd
  std::mutex mutex_;  // reaped_: the event thread writes, the run's thread collects
  std::vector<Histogram> reaped_;
  std::atomic<std::uint64_t> events_{0};   // written by the event thread
  std::atomic<std::uint64_t> dropped_{0};  // written by the event thread
  std::atomic<bool> failed_{false};        // written by the event thread: it reads no more
  std::uint64_t dropped_seen_ = 0;
  std::set<std::uint64_t> seen_before_;  // connection numbers outstanding at the last census
  std::thread thread_;
};

}  // namespace closewait
