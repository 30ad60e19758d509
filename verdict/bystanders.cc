#include "verdict/bystanders.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "verdict/honesty.h"

namespace closewait {
namespace {

constexpr double kSameRate = 0.8;

ClientCounts counts_beside_faults(const Run& run, std::size_t behaviour) {
  ClientCounts counts = run.whole.clients[behaviour].counts;
  if (behaviour < run.beside_host_faults.size()) counts -= run.beside_host_faults[behaviour];
  return counts;
}

// "latency.polite.response.p99", "clients.polite-held.failed_ratio".
bool is_of_polite_clients(std::string_view path) {
  for (const std::string_view head : {"latency.", "clients."}) {
    if (path.starts_with(head)) return is_polite(path.substr(head.size()));
  }
  return false;
}

std::string value_text(std::string_view path, double value) {
  switch (unit_of(path).value_or(NumberUnit::kCount)) {
    case NumberUnit::kSeconds:
      return brief_duration(from_seconds(value));
    case NumberUnit::kRatio:
      return fmt::format("{:.3g}%", 100 * value);
    case NumberUnit::kCount:
      break;
  }
  return fmt::format("{:.6g}", value);
}

double rate_of(const PlayedPhase& phase) {
  const double seconds = phase.ended - phase.began;
  return seconds > 0 ? static_cast<double>(phase.planned) / seconds : 0;
}

// Whether polite clients alone came as fast as all together did.
bool has_control_of_the_same_rate(const Run& run) {
  double alone = 0;
  double together = 0;
  for (const PlayedPhase& phase : run.played) {
    double& highest = phase.control ? alone : together;
    highest = std::max(highest, rate_of(phase));
  }
  return alone > 0 && alone >= kSameRate * together;
}

std::vector<std::string> rude_ones(const Run& run) {
  std::vector<std::string> names;
  std::ranges::copy_if(run.header.behaviours, std::back_inserter(names), [&](const auto& name) {
    return !is_polite(name) && !run.header.not_applicable.contains(name);
  });
  return names;
}

}  // namespace

Judged innocents_closed(const Run& run, const std::set<std::string>& promised) {
  Judged judged;
  for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
    const std::string& name = run.header.behaviours[i];
    const ClientCounts counts = counts_beside_faults(run, i);
    if (counts.innocent_closed == 0) continue;
    const std::string seen = fmt::format(
        "the target ended {} of {} {} connections without a word, though it owed them "
        "nothing and they had not ended themselves",
        counts.innocent_closed, counts.opened, name);
    if (!promised.contains(name)) {
      judged.not_judged.push_back(fmt::format(
          "innocent-closed: {}; it does not promise max_requests that keep them", seen));
      continue;
    }
    Finding finding{.kind = FindingKind::kInnocentClosed,
                    .behaviour = name,
                    .connections = counts.innocent_closed,
                    .confidence = "exact"};
    finding.evidence.push_back(seen);
    if (const auto& first = run.whole.clients[i].first_innocent) {
      finding.evidence.push_back(fmt::format(
          "connection {} is the first of them; alone it may well be kept: what ends it is what "
          "others do (a descriptor that is closed twice, or served after it was used again)",
          first->connection));
    }
    judged.findings.push_back(std::move(finding));
  }
  return judged;
}

Judged bystander_harm(const Run& run, const std::vector<ExpectationResult>& expectations,
                      const std::function<bool(const ExpectationResult&)>& held_by_control) {
  Judged judged;
  const std::vector<std::string> rude = rude_ones(run);
  if (rude.empty() || is_saturated(run)) return judged;
  Finding finding{.kind = FindingKind::kBystanderHarm, .confidence = "exact"};
  for (const ExpectationResult& each : expectations) {
    if (each.held || !is_of_polite_clients(each.path) || !held_by_control(each)) continue;
    finding.evidence.push_back(
        fmt::format("{} is {} while rude clients are there, expected {} (a bound of {}); with "
                    "polite ones alone "
                    "it holds",
                    each.path, value_text(each.path, each.value), each.bound,
                    value_text(each.path, each.limit)));
  }
  if (finding.evidence.empty()) return judged;
  const bool beside_faults = std::ranges::any_of(
      run.played, [](const PlayedPhase& phase) { return phase.host_faults > 0; });
  if (beside_faults || !has_control_of_the_same_rate(run)) {
    judged.not_judged.push_back(
        fmt::format("bystander-harm: {}, and {}", finding.evidence.front(),
                    beside_faults ? "the target's process was meddled with"
                                  : "no phase of polite clients alone was as fast as the storms"));
    return judged;
  }
  if (rude.size() == 1) finding.behaviour = rude.front();
  judged.findings.push_back(std::move(finding));
  return judged;
}

}  // namespace closewait
