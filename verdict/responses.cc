#include "verdict/responses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "verdict/honesty.h"

namespace closewait {
namespace {

// Below it, what met a behaviour more often than the polite ones did so by its doing.
constexpr double kNoChance = 1e-6;

// Those of whom it is known what came.
std::uint64_t ended(const ClientCounts& counts) {
  return counts.of(Outcome::kDelivered) + counts.of(Outcome::kPreempted) +
         counts.of(Outcome::kTimedOut);
}

double log_choose(std::uint64_t of, std::uint64_t some) {
  const auto gamma = [](std::uint64_t n) { return std::lgamma(static_cast<double>(n) + 1); };
  return gamma(of) - gamma(some) - gamma(of - some);
}

// One way not to get a response that may be anybody's.
struct Way {
  std::uint64_t hits;
  std::uint64_t control_hits;
  std::string_view what;  // "got no byte of their response"
};

// Judges one behaviour after another and gathers what there is to say.
class Judge {
 public:
  Judge(const Run& run, const std::set<std::string>& unpromised)
      : run_(run), unpromised_(unpromised), saturated_(is_saturated(run)) {
    for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
      if (is_polite(run.header.behaviours[i])) control_ += counts_of(i);
    }
  }

  [[nodiscard]] Judged judge() {
    if (!any_is_as_owed()) return {};
    for (std::size_t i = 0; i < run_.header.behaviours.size(); ++i) {
      judge_lost(run_.header.behaviours[i], counts_of(i), run_.whole.clients[i].first_lost);
      judge_wrong(run_.header.behaviours[i], counts_of(i), run_.whole.clients[i].first_altered);
    }
    return std::move(judged_);
  }

 private:
  [[nodiscard]] ClientCounts counts_of(std::size_t behaviour) const {
    ClientCounts counts = run_.whole.clients[behaviour].counts;
    if (behaviour < run_.beside_host_faults.size()) counts -= run_.beside_host_faults[behaviour];
    return counts;
  }

  // Where none is, what is owed was not described as the target means it.
  [[nodiscard]] bool any_is_as_owed() const {
    return std::ranges::any_of(run_.whole.clients, [](const ClientTally& each) {
      const std::uint64_t timed_out = each.counts.of(Outcome::kTimedOut);
      // Of an altered response the time is known only where it came to its end all the same.
      const bool some_were_right =
          each.response.count() > timed_out &&
          each.counts.of(Outcome::kDelivered) > std::max(each.counts.wrong, each.counts.altered);
      return some_were_right || each.response.count() > each.counts.altered + timed_out;
    });
  }

  void judge_lost(const std::string& behaviour, const ClientCounts& counts,
                  const std::optional<ResponseExample>& first) {
    const std::uint64_t lost = counts.truncated + counts.unanswered;
    if (lost > 0 && unpromised_.contains(behaviour)) {
      judged_.not_judged.push_back(fmt::format(
          "lost-response by {}: {} of {} got no whole response, and the target does not "
          "promise half_close: answers",
          behaviour, lost, ended(counts)));
      return;
    }
    Finding finding{.kind = FindingKind::kLostResponse, .behaviour = behaviour};
    if (counts.truncated > 0) {
      finding.confidence = "exact";
      finding.connections = counts.truncated;
      finding.evidence.push_back(fmt::format(
          "the target ended {} of {} {} connections in the middle of a response that it owed",
          counts.truncated, ended(counts), behaviour));
    }
    add_compared(finding, counts,
                 {counts.unanswered, control_.unanswered, "got not a byte of their response"});
    if (finding.evidence.empty()) return;
    if (first) {
      finding.evidence.push_back(
          fmt::format("connection {} lost it after {} bytes; --connection {} "
                      "plays that one alone",
                      first->connection, first->offset, first->connection));
    }
    judged_.findings.push_back(std::move(finding));
  }

  void judge_wrong(const std::string& behaviour, const ClientCounts& counts,
                   const std::optional<ResponseExample>& first) {
    Finding finding{.kind = FindingKind::kWrongResponse, .behaviour = behaviour};
    if (counts.altered > 0) {
      finding.confidence = "exact";
      finding.connections = counts.altered;
      finding.evidence.push_back(
          fmt::format("{} of {} {} connections got other bytes than they were owed", counts.altered,
                      ended(counts), behaviour));
    }
    if (counts.altered > 0 && first) {
      finding.evidence.push_back(fmt::format(
          "of connection {} the first that differs is at offset {}; --connection {} plays that one "
          "alone",
          first->connection, first->offset, first->connection));
    }
    add_compared(finding, counts,
                 {counts.other_status, control_.other_status, "were answered by another status"});
    if (!finding.evidence.empty()) judged_.findings.push_back(std::move(finding));
  }

  // What may have met anybody is the behaviour's doing when the polite ones were met less often.
  void add_compared(Finding& finding, const ClientCounts& counts, const Way& way) {
    if (way.hits == 0 || is_polite(finding.behaviour)) return;
    const std::string seen =
        fmt::format("{} of {} {} connections {}, and {} of {} polite ones", way.hits, ended(counts),
                    finding.behaviour, way.what, way.control_hits, ended(control_));
    const double chance = chance_of({.hits = way.hits,
                                     .all = ended(counts),
                                     .other_hits = way.control_hits,
                                     .others = ended(control_)});
    if (saturated_ || chance > kNoChance) {
      judged_.not_judged.push_back(fmt::format(
          "{} by {}: {}, {}", name_of(finding.kind), finding.behaviour, seen,
          saturated_ ? "while the rig was saturated" : "which may be how it turns clients away"));
      return;
    }
    if (finding.confidence.empty()) finding.confidence = "estimated";
    finding.connections += way.hits;
    finding.evidence.push_back(seen);
  }

  const Run& run_;
  const std::set<std::string>& unpromised_;
  bool saturated_;
  ClientCounts control_;
  Judged judged_;
};

}  // namespace

double chance_of(const Comparison& seen) {
  const std::uint64_t hits = seen.hits + seen.other_hits;
  const std::uint64_t all = seen.all + seen.others;
  const double ways = log_choose(all, seen.all);
  double chance = 0;
  for (std::uint64_t i = seen.hits; i <= std::min(hits, seen.all); ++i) {
    if (seen.all - i > all - hits) continue;  // more unmet ones than there are
    chance += std::exp(log_choose(hits, i) + log_choose(all - hits, seen.all - i) - ways);
  }
  return std::min(chance, 1.0);
}

Judged judge_responses(const Run& run, const std::set<std::string>& unpromised) {
  const bool crashed = std::ranges::any_of(
      run.findings, [](const Finding& each) { return each.kind == FindingKind::kCrash; });
  return crashed ? Judged{} : Judge(run, unpromised).judge();
}

}  // namespace closewait
