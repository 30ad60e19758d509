#include "verdict/honesty.h"

#include <fmt/format.h>

#include "base/units.h"
#include "verdict/own_leak.h"
#include "verdict/reset_proof.h"

namespace closewait {
namespace {

constexpr double kLeastOfPlan = 0.99;     // of the planned connections were begun
constexpr double kMostRigErrors = 0.001;  // of the planned ones failed by the rig itself
constexpr double kLeastDelivered = 0.9;   // of a behaviour's connections went as it says
constexpr std::size_t kMostHostFaultsTold = 5;
constexpr double kLeastBesideHostFaults = 0.5;  // the same of phases with host faults
constexpr double kMostBusySeconds = 0.1;        // of those with a plan
constexpr double kMostSynsLost = 0.01;          // sent again, of the connections
constexpr std::uint64_t kFewSyns = 10;          // others use this network too
constexpr double kLeastConfirmed = 0.99;        // of the ends were proven

double share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

struct Delivered {
  std::uint64_t delivered = 0;
  std::uint64_t tried = 0;
  std::string others;  // what became of the others

  explicit Delivered(const ClientCounts& counts)
      : delivered(counts.of(Outcome::kDelivered)),
        tried(counts.opened + counts.of(Outcome::kRefused)),
        others(fmt::format("refused {}, preempted {}, timed out {}, cut {}",
                           counts.of(Outcome::kRefused), counts.of(Outcome::kPreempted),
                           counts.of(Outcome::kTimedOut), counts.of(Outcome::kCut))) {}
  [[nodiscard]] bool is_less_than(double least) const {
    return tried > 0 && share(delivered, tried) < least;
  }
};

// In phases with host faults, `beside` of all, clients fail for what the rig did to the target.
void judge_delivered(const std::string& name, ClientCounts counts, const ClientCounts& beside,
                     std::vector<std::string>& reasons) {
  const Delivered there(beside);
  if (there.is_less_than(kLeastBesideHostFaults)) {
    reasons.push_back(
        fmt::format("{}: delivered {} of {} in phases with host faults ({}): the "
                    "faults left too little of them",
                    name, there.delivered, there.tried, there.others));
  }
  counts -= beside;
  const Delivered elsewhere(counts);
  if (elsewhere.is_less_than(kLeastDelivered)) {
    reasons.push_back(fmt::format("{}: delivered {} of {} ({})", name, elsewhere.delivered,
                                  elsewhere.tried, elsewhere.others));
  }
}

void judge_behaviour(const std::string& name, const ClientCounts& counts, bool limited,
                     std::vector<std::string>& reasons) {
  if (counts.planned == 0) return;
  if (share(counts.rig_errors, counts.planned) > kMostRigErrors) {
    reasons.push_back(fmt::format(
        "{}: {} of {} connections failed by the rig itself (no free port or descriptor)", name,
        counts.rig_errors, counts.planned));
  }
  if (!limited && share(counts.planned - counts.skipped, counts.planned) < kLeastOfPlan) {
    reasons.push_back(fmt::format("{}: {} of {} planned connections were skipped", name,
                                  counts.skipped, counts.planned));
  }
  const std::uint64_t delivered = counts.of(Outcome::kDelivered);
  if (delivered > 0 && counts.wrong == delivered) {
    reasons.push_back(fmt::format("{}: every response was wrong; is the dialect right?", name));
  }
  if (counts.intended > 0 && share(counts.confirmed, counts.intended) < kLeastConfirmed) {
    reasons.push_back(fmt::format("{}: {} of {} ends are not proven", name,
                                  counts.intended - counts.confirmed, counts.intended));
  }
}

void judge_sight(const Run& run, std::vector<std::string>& reasons) {
  if (run.rests.empty()) return;
  std::uint64_t lost = 0;
  for (const Census& rest : run.rests) lost += rest.events_lost;
  const bool counted = run.rests.back().sample.fds > 0;
  if (!counted && !run.rests.back().feed_available) {
    reasons.emplace_back(
        "leaks could not be judged: neither the target's descriptors nor its destroy events");
  } else if (!counted && lost > 0) {
    reasons.push_back(fmt::format(
        "leaks could not be judged in full: destroy events were lost {} times and the target's "
        "descriptors cannot be counted",
        lost));
  }
}

// Dropped by the target's full queue is the target's doing. What was sent again for no such reason
// was lost on the way, and the clients it kept waiting say nothing of the target.
void judge_network(const Run& run, std::vector<std::string>& reasons) {
  const NetworkCounts& network = run.network;
  if (network.conntrack_drops > 0) {
    reasons.push_back(
        fmt::format("conntrack had no room for {} connections (net.netfilter.nf_conntrack_max)",
                    network.conntrack_drops));
  }
  std::uint64_t opened = 0;
  for (const ClientTally& client : run.whole.clients) opened += client.counts.opened;
  const std::uint64_t dropped = network.listen_drops;
  if (network.syn_retransmits <= dropped) return;
  const std::uint64_t unexplained = network.syn_retransmits - dropped;
  if (unexplained < kFewSyns || share(unexplained, opened + unexplained) < kMostSynsLost) return;
  reasons.push_back(fmt::format(
      "{} SYNs were sent again, and listeners of this network dropped only {}: packets "
      "were lost on the way to the target, or its queue was full where it cannot be seen",
      network.syn_retransmits, dropped));
}

void judge_workers(const Run& run, std::vector<std::string>& reasons) {
  if (run.busy_seconds <= kMostBusySeconds * run.planned_storm_seconds) return;
  reasons.push_back(fmt::format(
      "a worker of the rig was over 90% of its core in {:.0f} of {:.0f} seconds of storms: more "
      "load.workers, or a lower rate",
      run.busy_seconds, run.planned_storm_seconds));
}

// What did not happen was not survived.
void judge_host_faults(const Run& run, std::vector<std::string>& reasons) {
  std::size_t failed = 0;
  for (const HostFault& each : run.host_faults) {
    if (each.is_done() || ++failed > kMostHostFaultsTold) continue;
    reasons.push_back(
        fmt::format("{} in {} of cycle {} {}", name_of(each.fault), each.phase, each.cycle,
                    each.undone ? "does not count: " + each.error : "was not undone"));
  }
  if (failed <= kMostHostFaultsTold) return;
  reasons.push_back(
      fmt::format("and {} more host faults that do not count", failed - kMostHostFaultsTold));
}

}  // namespace

bool is_saturated(const Run& run) { return is_saturated(run.whole.lag, run.header.lag_at_most); }

bool is_saturated(const Histogram& lag, double at_most) {
  return to_seconds(lag.quantile(0.99)) > at_most;
}

bool never_happened(const ClientCounts& counts) {
  return counts.opened > 0 && counts.of(Outcome::kPreempted) == counts.opened;
}

std::vector<std::string> shortfalls(const Run& run, const std::set<std::string>& limited,
                                    const std::set<std::string>& optional) {
  std::vector<std::string> reasons;
  for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
    const std::string& name = run.header.behaviours[i];
    if (run.header.not_applicable.contains(name)) continue;
    const ClientCounts& counts = run.whole.clients[i].counts;
    judge_behaviour(name, counts, limited.contains(name), reasons);
    if (optional.contains(name) && never_happened(counts)) continue;
    const bool known = i < run.beside_host_faults.size();
    judge_delivered(name, counts, known ? run.beside_host_faults[i] : ClientCounts(), reasons);
  }
  judge_host_faults(run, reasons);
  if (is_saturated(run)) {
    reasons.push_back(fmt::format("the rig was saturated: connections began {} late (p99)",
                                  brief_duration(run.whole.lag.quantile(0.99))));
  }
  judge_workers(run, reasons);
  judge_network(run, reasons);
  if (auto missing = resets_missing(run)) reasons.push_back(std::move(*missing));
  judge_sight(run, reasons);
  for (std::string& each : own_leaks(run.rests)) reasons.push_back(std::move(each));
  return reasons;
}

}  // namespace closewait
