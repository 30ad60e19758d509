#include "verdict/stuck.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "verdict/honesty.h"

namespace closewait {
namespace {

// Of a rest: an accept loop that lives takes them in far less.
constexpr double kLongQueued = 1;  // seconds
constexpr std::uint64_t kEnoughPolite = 20;

bool is_queued(const Census& rest) {
  return rest.settled && rest.sample.listen_queue > 0 && rest.queue_waited >= kLongQueued;
}

std::string queues_text(const std::vector<Census>& rests) {
  std::vector<std::uint64_t> queues;
  for (const Census& rest : rests) queues.push_back(rest.sample.listen_queue);
  return fmt::format("connections that waited to be accepted, from rest to rest: {}",
                     fmt::join(queues, ", "));
}

std::optional<Finding> by_queue(const std::vector<Census>& rests) {
  if (rests.size() < 2 || !is_queued(rests.back()) || !is_queued(rests[rests.size() - 2])) {
    return {};
  }
  const Census& last = rests.back();
  Finding finding{.kind = FindingKind::kStuck, .confidence = "exact"};
  finding.evidence.push_back(
      fmt::format("{} connections wait to be accepted, for {:.1f} s of the last rest, in which "
                  "nothing else was asked of the target",
                  last.sample.listen_queue, last.queue_waited));
  finding.evidence.push_back(queues_text(rests));
  finding.evidence.emplace_back("stands on the queue of its listener (sock_diag; ss -ltn)");
  return finding;
}

// A phase that tells what polite clients get.
bool tells(const PlayedPhase& phase) {
  return phase.ended > 0 && phase.host_faults == 0 && phase.polite_asked >= kEnoughPolite;
}

std::optional<Finding> by_polite_clients(const Run& run) {
  if (run.played.empty() || is_saturated(run)) return {};
  const PlayedPhase& last = run.played.back();
  if (!tells(last) || last.polite_served > 0) return {};
  const auto served = std::ranges::find_if(run.played, [](const PlayedPhase& each) {
    return tells(each) && each.polite_served * 2 > each.polite_asked;
  });
  if (served == run.played.end()) return {};
  Finding finding{.kind = FindingKind::kStuck, .confidence = "exact"};
  finding.evidence.push_back(
      fmt::format("none of {} polite clients of the last storm ({}, cycle {}) was served",
                  last.polite_asked, last.phase, last.cycle));
  finding.evidence.push_back(fmt::format("{} of {} were in {} of cycle {}", served->polite_served,
                                         served->polite_asked, served->phase, served->cycle));
  if (!run.rests.empty()) finding.evidence.push_back(queues_text(run.rests));
  return finding;
}

}  // namespace

std::optional<Finding> stuck(const Run& run) {
  const bool has_ended = std::ranges::any_of(
      run.findings, [](const Finding& each) { return each.kind == FindingKind::kCrash; });
  if (has_ended) return {};
  if (auto finding = by_queue(run.rests)) return finding;
  return by_polite_clients(run);
}

bool queue_needs_another_look(const std::vector<Census>& rests) {
  if (rests.empty() || !is_queued(rests.back())) return false;
  return rests.size() < 2 || !is_queued(rests[rests.size() - 2]);
}

}  // namespace closewait
