#include "verdict/at_rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "verdict/growth.h"

namespace closewait {
namespace {

// In cores. Who spins on a machine that is shared still gets more, and a timer or two much less.
constexpr double kBusy = 0.25;
constexpr double kIdle = 0.05;

// An allocator that takes its memory in larger pieces is no leak.
constexpr double kLeastMemory = 1024.0 * 1024;
constexpr double kLeastAConnection = 16;
constexpr std::size_t kRestsForMemory = 6;
constexpr double kMiB = 1024.0 * 1024;

// The behaviour of all connections since the first rest; "" when there were several.
std::string sole_behaviour(const std::vector<Census>& rests) {
  const auto& before = rests.front().served_by_behaviour;
  std::string sole;
  for (const auto& [name, count] : rests.back().served_by_behaviour) {
    const auto had = before.find(name);
    if (count == (had == before.end() ? 0 : had->second)) continue;
    if (!sole.empty()) return "";
    sole = name;
  }
  return sole;
}

bool is_busy(const Census& rest) { return rest.settled && rest.busy_cores >= kBusy; }

bool was_idle_at_first(const std::vector<Census>& rests) {
  return rests.front().settled && rests.front().busy_cores <= kIdle;
}

std::string shares_text(const std::vector<Census>& rests) {
  std::vector<std::string> shares;
  for (const Census& rest : rests) {
    shares.push_back(rest.settled ? fmt::format("{:.2f}", rest.busy_cores) : "?");
  }
  return fmt::format("cores that the target kept busy from rest to rest: {}",
                     fmt::join(shares, ", "));
}

bool memory_was_seen(const std::vector<Census>& rests) {
  return std::ranges::all_of(rests, [](const Census& rest) { return rest.sample.anon_bytes > 0; });
}

std::string memory_text(const std::vector<Census>& rests) {
  std::vector<std::string> sizes;
  for (const Census& rest : rests) {
    sizes.push_back(fmt::format("{:.1f}", static_cast<double>(rest.sample.anon_bytes) / kMiB));
  }
  return fmt::format("the target's anonymous memory from rest to rest, in MiB: {}",
                     fmt::join(sizes, ", "));
}

}  // namespace

Judged busy_loops(const std::vector<Census>& rests) {
  Judged result;
  if (rests.size() < 2 || !is_busy(rests.back())) return result;
  const double busy = rests.back().busy_cores;
  if (!was_idle_at_first(rests)) {
    result.not_judged.push_back(fmt::format(
        "busy-loop: the target keeps {:.2f} cores busy at rest, and did before the first storm",
        busy));
    return result;
  }
  if (rests.size() < 3 || !is_busy(rests[rests.size() - 2])) {
    result.not_judged.push_back(fmt::format(
        "busy-loop: {:.2f} cores at the last rest alone; a longer run (repeat) tells", busy));
    return result;
  }
  Finding finding{
      .kind = FindingKind::kBusyLoop, .behaviour = sole_behaviour(rests), .confidence = "exact"};
  finding.evidence.push_back(fmt::format(
      "the target keeps {:.2f} cores busy though no client is there and nothing moves", busy));
  finding.evidence.push_back(shares_text(rests));
  finding.evidence.emplace_back(
      "stands on its CPU time (/proc/PID/stat); perf top -p PID, or strace -p PID, shows the loop");
  result.findings.push_back(std::move(finding));
  return result;
}

bool busy_needs_another_look(const std::vector<Census>& rests) {
  return rests.size() >= 2 && is_busy(rests.back()) && was_idle_at_first(rests) &&
         !is_busy(rests[rests.size() - 2]);
}

Judged memory_growth(const std::vector<Census>& rests) {
  Judged result;
  if (rests.empty() || !memory_was_seen(rests)) return result;
  if (rests.size() < kRestsForMemory) {
    result.not_judged.push_back(
        fmt::format("memory-growth: {} rests; it takes {} to tell growth from a plateau (repeat)",
                    rests.size(), kRestsForMemory));
    return result;
  }
  Finding finding{.kind = FindingKind::kMemoryGrowth,
                  .behaviour = sole_behaviour(rests),
                  .confidence = "estimated"};
  std::vector<Level> levels;
  for (const Census& rest : rests) {
    levels.push_back({.served = static_cast<double>(rest.served),
                      .amount = static_cast<double>(rest.sample.anon_bytes)});
  }
  const auto growth = steady_growth(levels);
  if (!growth || growth->total < kLeastMemory || growth->per_connection < kLeastAConnection) {
    return result;
  }
  const std::uint64_t quarantine = rests.back().quarantine;
  if (fits_a_quarantine(*growth, quarantine)) {
    result.not_judged.push_back(
        fmt::format("memory-growth: {:.1f} MiB more since the second rest, and the target keeps "
                    "{:.0f} MiB of what it freed (AddressSanitizer); ASAN_OPTIONS="
                    "quarantine_size_mb=1 tells",
                    growth->total / kMiB, static_cast<double>(quarantine) / kMiB));
    return result;
  }
  finding.per_connection = growth->per_connection;
  finding.evidence.push_back(
      fmt::format("{:.1f} MiB more since the second rest, {:.0f} bytes for each connection",
                  growth->total / kMiB, growth->per_connection));
  finding.evidence.push_back(memory_text(rests));
  finding.evidence.emplace_back(
      "stands on RssAnon of /proc/PID/status, the median of the slopes between any two rests after "
      "the first cycle");
  result.findings.push_back(std::move(finding));
  return result;
}

}  // namespace closewait
