#include "loadgen/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/units.h"
#include "loadgen/plan.h"
#include "loadgen/spread.h"

namespace closewait {
namespace {

// Of a held connection, with both of its sockets, the rig's share and a small server's, as 100,000
// of them take (1,349 MB).
constexpr std::uint64_t kBytesAConnection = 13 * 1024;

double share_of(const Phase& phase, const ClientMix& mix) {
  double sum = 0;
  for (const ClientMix& each : phase.clients) sum += each.weight;
  return mix.weight / sum;
}

// How many have begun by then.
double begun_by(const RateCurve& curve, Nanoseconds when) {
  double low = 0;
  double high = curve.connections();
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    (curve.instant_of(middle) < when ? low : high) = middle;
  }
  return high;
}

// The most that begin within any time as long as the window.
double most_within(const Phase& phase, Nanoseconds window) {
  const RateCurve curve(phase.rate, phase.duration);
  if (window >= phase.duration) return curve.connections();
  constexpr int kSteps = 200;
  double most = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const Nanoseconds from = (phase.duration - window) * i / kSteps;
    most = std::max(most, begun_by(curve, from + window) - begun_by(curve, from));
  }
  return most;
}

std::vector<const Phase*> storms_of(const Scenario& scenario) {
  std::vector<const Phase*> storms;
  if (scenario.warm_up) storms.push_back(&*scenario.warm_up);
  for (const Phase& phase : scenario.cycle) {
    if (phase.kind != PhaseKind::kRest) storms.push_back(&phase);
  }
  return storms;
}

// No more can be open at once, whatever the target does.
std::uint64_t open_at_most(const Scenario& scenario) {
  std::uint64_t most = 0;
  for (const Phase* phase : storms_of(scenario)) {
    most = std::max(most, phase->rate.unbounded ? scenario.load.open_at_most : phase->planned());
  }
  return std::min(most, scenario.load.open_at_most);
}

std::uint64_t certainly_open(const Scenario& scenario) {
  std::uint64_t most = 0;
  for (const Phase* phase : storms_of(scenario)) most = std::max(most, held_at_once(*phase));
  return std::min(most, scenario.load.open_at_most);
}

std::uint64_t ports_of(const Scenario& scenario, const Machine& machine) {
  return std::max<std::uint64_t>(1, scenario.load.sources.size()) * machine.ports;
}

// "sources: 127.0.0.2-127.0.0.5 gives 4 times as many" for loopback, where every address is ours.
std::string more_sources(std::uint64_t ports, const Machine& machine) {
  const std::uint64_t sources = (ports + machine.ports - 1) / machine.ports;
  if (sources > 250) return "lower load.open_at_most or the rate";
  return fmt::format(
      "let them come from {0} addresses, on loopback load.sources: 127.0.0.2-127.0.0.{1}", sources,
      sources + 1);
}

// Ports that are in TIME_WAIT at once and may not be taken again.
std::uint64_t waiting_ports(const Scenario& scenario, const Machine& machine) {
  if (machine.port_after_fin <= Nanoseconds(0)) return 0;
  double most = 0;
  for (const Phase* phase : storms_of(scenario)) {
    if (phase->rate.unbounded) continue;
    double closed = 0;
    for (const ClientMix& mix : phase->clients) {
      if (mix.behaviour->end == End::kFin) closed += share_of(*phase, mix);
    }
    most = std::max(most, closed * most_within(*phase, machine.port_after_fin));
  }
  return static_cast<std::uint64_t>(most);
}

Need ports_need(const Scenario& scenario, const Machine& machine) {
  const std::uint64_t sources = std::max<std::uint64_t>(1, scenario.load.sources.size());
  const std::uint64_t waiting = waiting_ports(scenario, machine);
  const std::uint64_t certain = certainly_open(scenario) + waiting;
  const std::string_view each = waiting > 0
                                    ? "one each while it is open and for a minute after a close, "
                                      "since net.ipv4.tcp_timestamps is 0"
                                    : "one each while it is open";
  return {.what = "ports",
          .certain = certain,
          .at_most = open_at_most(scenario) + waiting,
          .there = ports_of(scenario, machine),
          .because = fmt::format("{} source{} with {} ports; {}", sources, sources == 1 ? "" : "s",
                                 machine.ports, each),
          .way_out = more_sources(certain, machine)};
}

// Of one phase, over as long as an entry stays.
double entries_of(const Phase& phase, const Machine::Conntrack& conntrack) {
  double entries = 0;
  for (const ClientMix& mix : phase.clients) {
    const bool reset = is_reset(mix.behaviour->end);
    const Nanoseconds stays = reset ? conntrack.after_reset : conntrack.after_fin;
    entries += share_of(phase, mix) * most_within(phase, stays);
  }
  return entries;
}

Need conntrack_need(const Scenario& scenario, const Machine& machine) {
  const std::uint64_t ports = ports_of(scenario, machine);
  double certain = 0;
  bool planned = true;
  for (const Phase* phase : storms_of(scenario)) {
    planned = planned && !phase->rate.unbounded;
    if (!phase->rate.unbounded) {
      certain = std::max(certain, entries_of(*phase, *machine.conntrack));
    }
  }
  const auto entries = static_cast<std::uint64_t>(std::llround(certain));
  return {.what = "conntrack",
          .certain = std::min(entries, ports),
          .at_most = planned ? std::min(numbers_of(scenario), ports) : ports,
          .there = machine.conntrack->free_entries,
          .because = fmt::format("an entry stays {} after a close, {} after a reset",
                                 format_duration(machine.conntrack->after_fin),
                                 format_duration(machine.conntrack->after_reset)),
          .way_out =
              "raise net.netfilter.nf_conntrack_max, lower the rate, or let nobody follow "
              "these connections (nft: notrack)"};
}

Need descriptors_need(const Scenario& scenario, const Machine& machine) {
  const Spread spread = spread_over_processes(scenario.load, machine.open_files);
  const std::uint64_t each = machine.open_files - reserved_files(spread.workers_each);
  return {.what = "descriptors",
          .certain = certainly_open(scenario),
          .at_most = open_at_most(scenario),
          .there = spread.processes * each,
          .because = spread.processes == 1
                         ? fmt::format("of {} that a process may open", machine.open_files)
                         : fmt::format("spread over {} processes, which may open {} each",
                                       spread.processes, machine.open_files),
          .way_out = "raise the hard limit of open files (ulimit -Hn)"};
}

Need memory_need(const Scenario& scenario, const Machine& machine) {
  return {.what = "memory",
          .certain = certainly_open(scenario) * kBytesAConnection,
          .at_most = open_at_most(scenario) * kBytesAConnection,
          .there = machine.memory,
          .is_bytes = true,
          .because = fmt::format("{} a connection that lies still, at both ends",
                                 format_bytes(kBytesAConnection)),
          .way_out = "hold fewer connections"};
}

// How long a client stays on average, whatever the target does. With `hold` each has a time of its
// own between 1 s and that, and leaves up to `every` before it.
Nanoseconds certain_stay(const Params& params) {
  constexpr Nanoseconds kShortestHold = std::chrono::seconds(1);
  if (params.hold <= Nanoseconds(0)) return params.wait;
  return (std::min(kShortestHold, params.hold) + params.hold) / 2 - params.every;
}

std::string amount(const Need& need, std::uint64_t value) {
  return need.is_bytes ? brief_bytes(static_cast<double>(value)) : std::to_string(value);
}

}  // namespace

std::uint64_t held_at_once(const Phase& phase) {
  if (phase.rate.unbounded || phase.kind == PhaseKind::kRest) return 0;
  std::uint64_t held = 0;
  for (const ClientMix& mix : phase.clients) {
    const Nanoseconds stays = certain_stay(mix.params);
    if (stays <= Nanoseconds(0)) continue;
    const auto some = static_cast<std::uint64_t>(share_of(phase, mix) * most_within(phase, stays));
    held += mix.at_most ? std::min(some, *mix.at_most) : some;
  }
  return held;
}

std::vector<Need> budget_of(const Scenario& scenario, const Machine& machine) {
  std::vector<Need> needs;
  if (!scenario.target.is_unix()) {
    needs.push_back(ports_need(scenario, machine));
    if (machine.conntrack) needs.push_back(conntrack_need(scenario, machine));
  }
  needs.push_back(descriptors_need(scenario, machine));
  if (machine.memory > 0) needs.push_back(memory_need(scenario, machine));
  return needs;
}

void refuse_beyond(const std::vector<Need>& budget) {
  std::string lines;
  for (const Need& need : budget) {
    if (need.fits()) continue;
    if (!lines.empty()) lines += '\n';
    lines += fmt::format("this load needs {} {} at once and {} are there ({}); {}",
                         amount(need, need.certain), need.what, amount(need, need.there),
                         need.because, need.way_out);
  }
  if (!lines.empty()) throw UsageError(lines);
}

}  // namespace closewait
