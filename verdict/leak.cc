#include "verdict/leak.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace closewait {
namespace {

std::uint64_t in_state(const Outstanding& group, const char* state) {
  const auto found = group.states.find(state);
  return found == group.states.end() ? 0 : found->second;
}

// What one group of connections comes to once the target's own descriptors were asked.
struct Held {
  std::uint64_t count = 0;
  std::uint64_t close_wait = 0;
  bool exact = true;
};

bool fds_were_read(const Census& census) { return !census.fds_by_kind.empty(); }

std::uint64_t total_dead(const Census& census) {
  std::uint64_t dead = 0;
  for (const Outstanding& each : census.outstanding) dead += in_state(each, kDeadState);
  return dead;
}

std::uint64_t claimed_held(const Outstanding& group) {
  return group.count - std::min(group.count, in_state(group, kUnheldState));
}

// Nothing names the descriptors: there cannot be more held connections than descriptors that came
// since the first rest, where at least their number is known.
Held held_by_number(const Outstanding& group, const Census& first, const Census& rest) {
  Held result{
      .count = claimed_held(group), .close_wait = in_state(group, "CLOSE_WAIT"), .exact = false};
  if (rest.sample.fds == 0) return result;
  const std::uint64_t grown = rest.sample.fds - std::min(rest.sample.fds, first.sample.fds);
  std::uint64_t claimed = 0;
  for (const Outstanding& each : rest.outstanding) claimed += claimed_held(each);
  if (claimed > grown) {
    result.count = result.count * grown / claimed;
    result.close_wait = result.close_wait * grown / claimed;
  }
  return result;
}

// A dead socket shows in no table: the descriptors say how many there can be at most.
Held held(const Outstanding& group, const Census& first, const Census& rest) {
  if (!fds_were_read(rest)) return held_by_number(group, first, rest);
  const std::uint64_t dead = in_state(group, kDeadState);
  Held result{.count = claimed_held(group), .close_wait = in_state(group, "CLOSE_WAIT")};
  const std::uint64_t always = first.dead_sockets - std::min(first.dead_sockets, total_dead(first));
  const std::uint64_t grown = rest.dead_sockets - std::min(rest.dead_sockets, always);
  const std::uint64_t claimed = total_dead(rest);
  if (claimed > grown) {
    const std::uint64_t borne_out = dead * grown / claimed;
    result.count -= dead - borne_out;
    result.exact = dead == 0;
  }
  return result;
}

std::uint64_t served(const Census& census, const std::string& behaviour) {
  const auto found = census.served_by_behaviour.find(behaviour);
  return found == census.served_by_behaviour.end() ? 0 : found->second;
}

// Identity begins anew after a rest whose events were lost.
std::uint64_t served_since_loss(const std::vector<Census>& rests, const std::string& behaviour) {
  std::uint64_t before = 0;
  for (const Census& rest : rests) {
    if (!rest.feed_available) before = served(rest, behaviour);
  }
  return served(rests.back(), behaviour) - before;
}

std::string states_text(const Outstanding& group) {
  std::string text;
  for (const auto& [state, count] : group.states) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", count, state);
    if (state == kDeadState) text += " (a descriptor holds it, no socket table has it)";
  }
  return text;
}

std::string fds_text(const std::vector<Census>& rests) {
  std::vector<std::uint64_t> counts;
  for (const Census& rest : rests) counts.push_back(rest.sample.fds);
  return fmt::format("the target's descriptors from rest to rest: {}", fmt::join(counts, ", "));
}

Finding finding_of(const Outstanding& group, const Held& extent, const std::vector<Census>& rests) {
  const std::uint64_t all = served_since_loss(rests, group.behaviour);
  Finding finding;
  finding.kind =
      extent.close_wait * 2 > extent.count ? FindingKind::kCloseWait : FindingKind::kFdLeak;
  finding.behaviour = group.behaviour;
  finding.connections = extent.count;
  finding.confidence = extent.exact ? "exact" : "estimated";
  if (!group.abandoned && all > 0) {
    finding.per_connection = static_cast<double>(extent.count) / static_cast<double>(all);
  }
  finding.evidence.push_back(fmt::format(
      "{} of {} {} connections are gone on the client's side and still held by the target; {} "
      "of them were so at the rest before",
      extent.count, all, group.behaviour, std::min(group.confirmed, extent.count)));
  if (group.abandoned) {
    finding.evidence.push_back("the rig had reset them because their time or the phase was over");
  }
  finding.evidence.push_back("their sockets at the last rest: " + states_text(group));
  finding.evidence.push_back(fds_text(rests));
  if (!group.numbers.empty()) {
    finding.evidence.push_back(
        fmt::format("the first of them are connections {}", fmt::join(group.numbers, ", ")));
  }
  finding.evidence.push_back("stands on TCP destroy events and socket tables" +
                             std::string(fds_were_read(rests.back())
                                             ? ", and on the target's descriptors"
                                             : "; the target's descriptors could not be read"));
  return finding;
}

bool is_confirmed(const Census& rest, const std::string& behaviour) {
  return std::ranges::any_of(rest.outstanding, [&](const Outstanding& each) {
    return each.behaviour == behaviour && each.confirmed > 0;
  });
}

}  // namespace

std::uint64_t held_outstanding(const Census& first, const Census& rest) {
  std::uint64_t total = 0;
  for (const Outstanding& each : rest.outstanding) total += held(each, first, rest).count;
  return total;
}

std::vector<Finding> leaks_by_identity(const std::vector<Census>& rests) {
  std::vector<Finding> findings;
  if (rests.empty() || !rests.back().feed_available) return findings;
  const Census& last = rests.back();
  bool any_by_its_own_end = false;
  for (const bool abandoned : {false, true}) {
    if (abandoned && any_by_its_own_end) break;  // the same flaw, met by the rig's own resets
    for (const Outstanding& group : last.outstanding) {
      if (group.abandoned != abandoned || group.confirmed == 0) continue;
      const Held extent = held(group, rests.front(), last);
      if (extent.count == 0) continue;
      findings.push_back(finding_of(group, extent, rests));
      any_by_its_own_end = true;
    }
  }
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    if (a.kind != b.kind) return a.kind < b.kind;
    return a.per_connection > b.per_connection;
  });
  return findings;
}

bool needs_another_look(const std::vector<Census>& rests) {
  if (rests.empty() || !rests.back().feed_available) return false;
  const Census& last = rests.back();
  return std::ranges::any_of(last.outstanding, [&](const Outstanding& each) {
    return !each.untold && held(each, rests.front(), last).count > 0 &&
           !is_confirmed(last, each.behaviour);
  });
}

}  // namespace closewait
