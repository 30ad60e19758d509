#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>

#include "loadgen/scenario.h"
#include "metrics/endpoint.h"
#include "record/run.h"
#include "report/run_metrics.h"
#include "rig/judge.h"

namespace closewait {

// Shows a run to Prometheus while it goes on, and for a while after its end. The run's thread
// tells it each line; the endpoint's threads copy what it last made, under a mutex. Owns the
// endpoint, borrows scenario and circumstances.
class LiveMetrics {
 public:
  struct Setup {
    SocketAddress address;
    std::string run;
    const Scenario& scenario;
    const Circumstances& circumstances;
    bool target_is_seen = false;
  };

  // Throws SetupError when the address cannot be served.
  explicit LiveMetrics(const Setup& setup);

  [[nodiscard]] std::string url() const { return endpoint_.url(); }
  [[nodiscard]] bool was_scraped() const { return endpoint_.scrapes() > 0; }

  // After each line of the record, with the run as it stands with that line.
  void update(const Run& run, const Line& line);

  // After the last line: until two scrapes have seen it, `linger` at most, or until `interrupt_fd`
  // is readable. False when it was not seen twice.
  [[nodiscard]] bool wait_until_scraped(Nanoseconds linger, int interrupt_fd);

 private:
  [[nodiscard]] MetricFamilies collect();
  void judge_anew(const Run& run);
  [[nodiscard]] bool saturated_lately(const Run& run, const Line& line);

  const Scenario& scenario_;
  const Circumstances& circumstances_;
  RunSoFar so_far_;
  std::deque<std::pair<double, Histogram>> recent_lag_;  // of each second of the last minute, by t
  std::mutex mutex_;  // families_: the run's thread makes them, the endpoint's threads copy them
  MetricFamilies families_;
  bool ended_ = false;                      // under the mutex: the families are of the whole run
  std::atomic<std::uint64_t> seen_end_{0};  // scrapes of the whole run, counted by the endpoint's
  MetricsEndpoint endpoint_;                // the last member: its threads use all the others
};

}  // namespace closewait
