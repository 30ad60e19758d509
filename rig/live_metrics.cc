#include "rig/live_metrics.h"

#include <poll.h>

#include <utility>

#include "metrics/process_metrics.h"
#include "verdict/honesty.h"

namespace closewait {
namespace {

constexpr std::uint64_t kScrapesOfTheEnd = 2;
constexpr int kPollMilliseconds = 50;
constexpr double kLately = 60;  // seconds

std::vector<std::pair<std::string, PhaseKind>> phases_of(const Scenario& scenario) {
  std::vector<std::pair<std::string, PhaseKind>> phases;
  if (scenario.warm_up) phases.emplace_back(scenario.warm_up->name, PhaseKind::kWarmUp);
  bool rests = false;
  for (const Phase& phase : scenario.cycle) {
    phases.emplace_back(phase.name, phase.kind);
    rests = rests || phase.kind == PhaseKind::kRest;
  }
  if (!rests) phases.emplace_back("rest", PhaseKind::kRest);
  return phases;
}

}  // namespace

LiveMetrics::LiveMetrics(const Setup& setup)
    : scenario_(setup.scenario),
      circumstances_(setup.circumstances),
      so_far_{.name = setup.run,
              .phases = phases_of(setup.scenario),
              .target_is_seen = setup.target_is_seen},
      endpoint_(setup.address, [this] { return collect(); }) {}

// Lines between two rests change no finding.
void LiveMetrics::update(const Run& run, const Line& line) {
  if (std::holds_alternative<CensusLine>(line)) judge_anew(run);
  if (run.end) {
    so_far_.findings = run.findings;
    so_far_.verdict = run.end->verdict;
  }
  so_far_.saturated = saturated_lately(run, line);
  MetricFamilies families = run_metrics(run, so_far_);
  const std::lock_guard lock(mutex_);
  families_ = std::move(families);
  ended_ = run.end.has_value();
}

// One bad minute does not stand for the hours after it, as it does in the verdict.
bool LiveMetrics::saturated_lately(const Run& run, const Line& line) {
  if (const auto* second = std::get_if<SecondLine>(&line)) {
    recent_lag_.emplace_back(second->t, second->tally.lag);
  }
  while (!recent_lag_.empty() && recent_lag_.front().first < run.duration_seconds - kLately) {
    recent_lag_.pop_front();
  }
  Histogram lately;
  for (const auto& [t, lag] : recent_lag_) lately.merge(lag);
  return is_saturated(lately, run.header.lag_at_most);
}

void LiveMetrics::judge_anew(const Run& run) {
  Run as_if_over = run;
  as_if_over.findings = findings_of(run, scenario_, run.end.has_value());
  so_far_.verdict = judge(as_if_over, scenario_, circumstances_).verdict;
  so_far_.findings = std::move(as_if_over.findings);
}

MetricFamilies LiveMetrics::collect() {
  MetricFamilies families = process_families({{"run", so_far_.name}});
  const std::lock_guard lock(mutex_);
  families.insert(families.end(), families_.begin(), families_.end());
  if (ended_) ++seen_end_;
  return families;
}

bool LiveMetrics::wait_until_scraped(Nanoseconds linger, int interrupt_fd) {
  const Instant deadline = Clock::now() + linger;
  while (seen_end_ < kScrapesOfTheEnd) {
    if (Clock::now() >= deadline) return false;
    pollfd wait{interrupt_fd, POLLIN, 0};
    if (::poll(&wait, 1, kPollMilliseconds) > 0) return false;
  }
  return true;
}

}  // namespace closewait
