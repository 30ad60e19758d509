#include "verdict/own_leak.h"

#include <fmt/format.h>

#include <algorithm>

#include "verdict/count_steps.h"
#include "verdict/growth.h"

namespace closewait {
namespace {

// A scrape or two of the metrics may be under way at a rest.
constexpr std::uint64_t kFewFds = 3;
// What a run keeps of each cycle is less.
constexpr double kLittleMemory = 4.0 * 1024 * 1024;
constexpr double kLittleAConnection = 64;

std::vector<Census> seen_as_targets(const std::vector<Census>& rests) {
  std::vector<Census> own;
  for (const Census& rest : rests) {
    own.push_back({.served = rest.served,
                   .served_by_behaviour = rest.served_by_behaviour,
                   .sample = rest.rig});
  }
  return own;
}

}  // namespace

std::vector<std::string> own_leaks(const std::vector<Census>& rests) {
  std::vector<std::string> sentences;
  const bool seen = !rests.empty() && std::ranges::all_of(rests, [&](const Census& rest) {
    return rest.rig.processes > 0 && rest.rig.processes == rests.front().rig.processes;
  });
  if (!seen) return sentences;
  const Sample& first = rests.front().rig;
  const Sample& last = rests.back().rig;
  if (last.fds >= first.fds + kFewFds && !leaks_by_count(seen_as_targets(rests)).findings.empty()) {
    std::vector<std::uint64_t> counts;
    for (const Census& rest : rests) counts.push_back(rest.rig.fds);
    sentences.push_back(fmt::format(
        "the rig itself leaked descriptors; it had {} from rest to rest", fmt::join(counts, ", ")));
  }
  std::vector<Level> memory;
  for (const Census& rest : rests) {
    memory.push_back({static_cast<double>(rest.served), static_cast<double>(rest.rig.anon_bytes)});
  }
  const auto growth = steady_growth(memory);
  if (growth && growth->total > kLittleMemory && growth->per_connection > kLittleAConnection &&
      !fits_a_quarantine(*growth, rests.back().rig_quarantine)) {
    sentences.push_back(
        fmt::format("the rig itself leaked memory: {:.1f} MiB more since the second rest, {:.0f} "
                    "bytes a connection",
                    growth->total / (1024 * 1024), growth->per_connection));
  }
  return sentences;
}

}  // namespace closewait
