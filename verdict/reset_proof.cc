#include "verdict/reset_proof.h"

#include <fmt/format.h>

#include <vector>

namespace closewait {
namespace {

template <class Condition>
std::vector<const PlayedPhase*> phases_where(const Run& run, Condition condition) {
  std::vector<const PlayedPhase*> found;
  for (const PlayedPhase& each : run.played) {
    if (condition(each.resets)) found.push_back(&each);
  }
  return found;
}

// "storm 2 and 3 more phases"
std::string name_of(const std::vector<const PlayedPhase*>& phases) {
  std::string name = phases.front()->phase;
  if (phases.front()->cycle > 0) name += fmt::format(" {}", phases.front()->cycle);
  if (phases.size() == 1) return name;
  const std::size_t more = phases.size() - 1;
  return name + fmt::format(" and {} more phase{}", more, more == 1 ? "" : "s");
}

}  // namespace

std::optional<std::string> resets_missing(const Run& run) {
  const auto short_ones = phases_where(run, [](const ResetProof& resets) {
    return resets.comparable && resets.sent < resets.confirmed;
  });
  if (short_ones.empty()) return std::nullopt;
  const ResetProof& first = short_ones.front()->resets;
  return fmt::format(
      "{}: clients confirmed {} resets, and the kernel sent only {} RSTs in this network "
      "namespace (OutRsts; TCPAbortOnData {}, TCPAbortOnClose {})",
      name_of(short_ones), first.confirmed, first.sent, first.aborts_on_data,
      first.aborts_on_close);
}

std::optional<std::string> resets_not_compared(const Run& run) {
  const auto unknown = phases_where(
      run, [](const ResetProof& resets) { return !resets.comparable && resets.confirmed > 0; });
  if (unknown.empty()) return std::nullopt;
  return fmt::format(
      "resets of {}: clients ran on beyond the phase, or the kernel's counters cannot be read",
      name_of(unknown));
}

}  // namespace closewait
