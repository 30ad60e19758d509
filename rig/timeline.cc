#include "rig/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "loadgen/plan.h"

namespace closewait {
namespace {

std::string milliseconds(double seconds) { return fmt::format("{:.3f} ms", 1000 * seconds); }

// From the start of its phase.
std::optional<Nanoseconds> offset_of(const Scenario& scenario, const PlaceInRun& place,
                                     std::uint64_t number) {
  if (place.phase->rate.unbounded) return {};
  PhasePlan plan({.phase = place.phase,
                  .arrivals = scenario.load.arrivals,
                  .seed = scenario.seed,
                  .first_number = place.first_number});
  while (const auto next = plan.next()) {
    if (next->number == number) return next->offset;
  }
  return {};
}

bool has_number(const Census& rest, std::uint64_t number) {
  return std::ranges::any_of(rest.outstanding, [&](const Outstanding& each) {
    return std::ranges::find(each.numbers, number) != each.numbers.end();
  });
}

}  // namespace

std::optional<std::string> timeline_of(const Scenario& scenario, const Run& run,
                                       std::uint64_t number) {
  const auto place = place_of(scenario, number);
  if (!place) return {};
  const auto offset = offset_of(scenario, *place, number);
  const auto played = std::ranges::find_if(run.played, [&](const PlayedPhase& each) {
    return each.phase == place->phase->name && each.cycle == place->cycle;
  });
  if (!offset || played == run.played.end()) return {};
  const double into = to_seconds(*offset);
  std::vector<std::string> rests;
  for (const Census& rest : run.rests) {
    if (has_number(rest, number)) rests.push_back(milliseconds(rest.t));
  }
  if (rests.empty()) return {};
  return fmt::format(
      "connection {}: planned at {}, which is {} into {} of cycle {}; its client gone, and held by "
      "the target still, at {}",
      number, milliseconds(played->began + into), milliseconds(into), played->phase, played->cycle,
      fmt::join(rests, ", "));
}

void tell_timeline(const Scenario& scenario, const Run& run, Finding& finding) {
  const bool by_identity =
      (finding.kind == FindingKind::kCloseWait || finding.kind == FindingKind::kFdLeak) &&
      finding.connections > 0;
  if (!by_identity || run.rests.empty()) return;
  for (const Outstanding& each : run.rests.back().outstanding) {
    if (each.behaviour != finding.behaviour || each.numbers.empty()) continue;
    if (auto timeline = timeline_of(scenario, run, each.numbers.front())) {
      // The last sentence is what all of it stands on.
      finding.evidence.insert(finding.evidence.end() - 1, std::move(*timeline));
    }
    return;
  }
}

}  // namespace closewait
