#include "verdict/unbounded_buffer.h"

#include <fmt/format.h>

#include <algorithm>

namespace closewait {
namespace {

constexpr double kUnitMiB = 1024.0 * 1024;
constexpr double kLeastTaken = 16 * kUnitMiB;  // in all: less may be anything
constexpr std::uint64_t kFewestClients = 3;

double bound_of(const Run& run) {
  std::uint64_t most = 0;
  for (const auto& [name, bound] : run.header.unread) most = std::max(most, bound);
  return static_cast<double>(most);
}

bool is_beyond(const PlayedPhase& phase, double bound) {
  return phase.host_faults == 0 && phase.unread_clients >= kFewestClients &&
         phase.unread_bytes > bound &&
         phase.unread_bytes * static_cast<double>(phase.unread_clients) > kLeastTaken;
}

// Many allocators keep what they were once given, so the first storm shows it alone, and the memory
// stays. What a client may cost is a part of what it asks for, so it asks for a few times that:
// more than that each is no buffer, but a heap that finds its size.
bool was_kept(const Run& run, const PlayedPhase& storm, double bound) {
  constexpr double kMostOfBound = 8;
  constexpr double kPartThatStays = 0.5;
  if (run.rests.size() < 3) return false;
  const auto first = std::ranges::find_if(
      run.played, [](const PlayedPhase& each) { return each.unread_clients >= kFewestClients; });
  if (first == run.played.end() || &*first != &storm) return false;
  const double stayed = static_cast<double>(run.rests.back().sample.anon_bytes) -
                        static_cast<double>(run.rests.front().sample.anon_bytes);
  return storm.unread_bytes <= kMostOfBound * bound + kUnitMiB &&
         stayed >= kPartThatStays * storm.unread_bytes * static_cast<double>(storm.unread_clients);
}

}  // namespace

Judged unbounded_buffers(const Run& run) {
  Judged judged;
  const double bound = bound_of(run);
  std::vector<std::string> sizes;
  const PlayedPhase* worst = nullptr;
  for (const PlayedPhase& phase : run.played) {
    if (!is_beyond(phase, bound)) continue;
    sizes.push_back(fmt::format("{:.1f}", phase.unread_bytes / kUnitMiB));
    if (worst == nullptr || phase.unread_bytes > worst->unread_bytes) worst = &phase;
  }
  if (worst == nullptr) return judged;
  const std::string seen = fmt::format(
      "in {} of cycle {} the target had {:.1f} MiB more memory for each of {} clients that left "
      "their response unread",
      worst->phase, worst->cycle, worst->unread_bytes / kUnitMiB, worst->unread_clients);
  const std::uint64_t quarantine = run.rests.empty() ? 0 : run.rests.back().quarantine;
  const bool may_be_freed = worst->unread_bytes * static_cast<double>(worst->unread_clients) <=
                            2 * static_cast<double>(quarantine);
  const bool kept = was_kept(run, *worst, bound);
  if (may_be_freed || (sizes.size() < 2 && !kept)) {
    judged.not_judged.push_back(fmt::format("unbounded-buffer: {}, and {}", seen,
                                            may_be_freed
                                                ? "it keeps what it freed (AddressSanitizer); "
                                                  "ASAN_OPTIONS=quarantine_size_mb=1 tells"
                                                : "in no other storm: a heap that found its size"));
    return judged;
  }
  Finding finding{.kind = FindingKind::kUnboundedBuffer, .confidence = "estimated"};
  if (run.header.unread.size() == 1) finding.behaviour = run.header.unread.begin()->first;
  finding.per_connection = worst->unread_bytes;
  finding.evidence.push_back(seen);
  finding.evidence.push_back(fmt::format(
      "by storm, in MiB a client: {}; more than {:.1f} is more than a buffer with a bound takes",
      fmt::join(sizes, ", "), bound / kUnitMiB));
  if (sizes.size() < 2) {
    finding.evidence.push_back(
        fmt::format("its allocator kept it: {:.1f} MiB at the first rest, {:.1f} MiB at the last",
                    static_cast<double>(run.rests.front().sample.anon_bytes) / kUnitMiB,
                    static_cast<double>(run.rests.back().sample.anon_bytes) / kUnitMiB));
  }
  finding.evidence.emplace_back(
      "stands on RssAnon of /proc/PID/status once a second, over that of the rest before, less 512 "
      "KiB for every other client");
  judged.findings.push_back(std::move(finding));
  return judged;
}

}  // namespace closewait
