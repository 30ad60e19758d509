#include "verdict/lingering.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace closewait {
namespace {

std::string spread_of(const Histogram& reap) {
  return fmt::format(
      "from a client's end to the end of the target's socket: p50 {}, p99 {}, at most {}",
      brief_duration(reap.quantile(0.5)), brief_duration(reap.quantile(0.99)),
      brief_duration(reap.max()));
}

ClientTally without_reap(const ClientTally& tally) { return {.counts = tally.counts}; }

// Nothing: it keeps its promise to this behaviour.
std::optional<Finding> judge_one(const std::string& behaviour, const ClientTally& tally,
                                 const ClientCounts& beside, Nanoseconds promised) {
  const std::uint64_t silent =
      tally.counts.outstayed - std::min(tally.counts.outstayed, beside.outstayed);
  const std::uint64_t late = tally.reap.count() - tally.reap.count_at_most(latest_end(promised));
  if (silent + late == 0) return {};
  Finding finding{.kind = FindingKind::kLingering,
                  .behaviour = behaviour,
                  .connections = silent + late,
                  .confidence = "exact"};
  if (silent > 0) {
    finding.evidence.push_back(
        fmt::format("{} of {} {} connections were silent for longer than the promised {}, and the "
                    "target did not end them",
                    silent, tally.counts.opened, behaviour, format_duration(promised)));
  }
  if (late > 0) {
    finding.evidence.push_back(fmt::format(
        "of {} {} connections {} were still there {} after their client had ended (promised: {})",
        tally.reap.count(), behaviour, late, brief_duration(latest_end(promised)),
        format_duration(promised)));
    finding.evidence.push_back(spread_of(tally.reap));
  }
  return finding;
}

}  // namespace

Judged lingering(const Run& run, Nanoseconds promised) {
  Judged judged;
  // What its process was kept from doing then comes late in the rest after it, too.
  const bool meddled =
      std::ranges::any_of(run.played, [](const PlayedPhase& each) { return each.host_faults > 0; });
  for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
    const ClientCounts beside =
        i < run.beside_host_faults.size() ? run.beside_host_faults[i] : ClientCounts();
    if (auto finding =
            judge_one(run.header.behaviours[i],
                      meddled ? without_reap(run.whole.clients[i]) : run.whole.clients[i], beside,
                      promised)) {
      judged.findings.push_back(std::move(*finding));
    }
  }
  return judged;
}

}  // namespace closewait
