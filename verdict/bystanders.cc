#include "verdict/bystanders.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "verdict/honesty.h"

namespace closewait {
namespace {

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
  const bool crashed = std::ranges::any_of(
      run.findings, [](const Finding& each) { return each.kind == FindingKind::kCrash; });
  if (crashed) return judged;  // that ended them
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
                      const PoliteControl& control) {
  Judged judged;
  const std::vector<std::string> rude = rude_ones(run);
  if (rude.empty() || is_saturated(run)) return judged;
  Finding finding{.kind = FindingKind::kBystanderHarm, .confidence = "exact"};
  for (const ExpectationResult& each : expectations) {
    // Counts of a longer time are more.
    const bool comparable = unit_of(each.path) != NumberUnit::kCount;
    if (each.held || !comparable || !is_of_polite_clients(each.path) || !control.holds(each))
      continue;
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
  if (beside_faults || !control.same_rate) {
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
