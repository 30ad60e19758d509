#pragma once

#include <filesystem>
#include <functional>
#include <utility>

#include "base/clock.h"
#include "record/journal.h"
#include "record/run.h"

namespace closewait {

// Writes each line of a run as it comes and keeps the fold of all of them. Owns the journal. A
// line that cannot be written (a full disk) is told once on standard error; the run goes on.
class Recorder {
 public:
  explicit Recorder(const std::filesystem::path& journal);

  void append(const Line& line);
  // Calls `watcher` after each line from now on, with the run as it stands then.
  void watch(std::function<void(const Run&, const Line&)> watcher) {
    watcher_ = std::move(watcher);
  }
  // Seconds since the run began.
  [[nodiscard]] double now() const { return to_seconds(Clock::now() - began_); }
  [[nodiscard]] const Run& run() const { return run_; }
  [[nodiscard]] bool lost_lines() const { return lost_lines_; }

 private:
  std::filesystem::path path_;
  JournalWriter journal_;
  Instant began_;
  Run run_;
  bool lost_lines_ = false;
  std::function<void(const Run&, const Line&)> watcher_;
};

}  // namespace closewait
