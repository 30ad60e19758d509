#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/open_files.h"
#include "base/units.h"
#include "loadgen/plan.h"
#include "loadgen/spread.h"
#include "rig/options.h"
#include "rig/ports.h"

namespace closewait {
namespace {

std::uint64_t number_in(const char* path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  file >> number;
  return number;
}

void print_storm(const Phase& phase) {
  fmt::print("{}: {} at {}", phase.name, format_duration(phase.duration), rate_text(phase.rate));
  if (!phase.rate.unbounded) fmt::print(", {} connections", phase.planned());
  fmt::print("\n");
  double sum = 0;
  for (const ClientMix& mix : phase.clients) sum += mix.weight;
  for (const ClientMix& mix : phase.clients) {
    const double share = mix.weight / sum;
    fmt::print("  {:<20} {:>5.1f} %", mix.behaviour->name, share * 100);
    if (!phase.rate.unbounded) {
      fmt::print("  about {:.0f} connections", share * static_cast<double>(phase.planned()));
    }
    if (mix.at_most) fmt::print(", at most {} open", *mix.at_most);
    fmt::print("\n");
  }
}

void print_phase(const Phase& phase) {
  if (phase.kind != PhaseKind::kRest) return print_storm(phase);
  fmt::print("{}: until nothing moved for {}, {} at most\n", phase.name,
             format_duration(phase.quiet), format_duration(phase.settle));
}

void print_processes(const LoadSpec& load) {
  const std::uint64_t open_files = most_open_files();
  const Spread spread = spread_over_processes(load, open_files);
  fmt::print("descriptors: a process may open {}; at most {} connections at once", open_files,
             load.open_at_most);
  if (spread.processes > 1) {
    fmt::print(", spread over {} processes with at most {} each", spread.processes,
               spread.open_each(load.open_at_most));
  }
  fmt::print("\n");
}

void print_ports(const Scenario& scenario) {
  const PortTable::Range range = local_port_range();
  const std::size_t sources = std::max<std::size_t>(1, scenario.load.sources.size());
  fmt::print("ports: {} local addresses with {} ports each, {} in all\n", sources,
             range.high - range.low + 1,
             sources * static_cast<std::size_t>(range.high - range.low + 1));
  const std::uint64_t most = number_in("/proc/sys/net/netfilter/nf_conntrack_max");
  if (most == 0) {
    fmt::print("conntrack: not loaded\n");
  } else {
    fmt::print("conntrack: {} of {} entries in use\n",
               number_in("/proc/sys/net/netfilter/nf_conntrack_count"), most);
  }
}

}  // namespace

ExitStatus check_command(const RunOptions& options) {
  const ChosenScenario chosen = choose_scenario(options);
  const Scenario& scenario = chosen.scenario;
  fmt::print("scenario {}, seed {}{}\n", scenario.name, scenario.seed,
             scenario.seed_given ? "" : " (drawn; none is given)");
  if (!scenario.target.start.empty()) {
    fmt::print("target: starts {}\n", fmt::join(scenario.target.start, " "));
  } else if (scenario.target.address) {
    fmt::print("target: {}\n", scenario.target.address->to_string());
  } else if (scenario.target.pid) {
    fmt::print("target: pid {}\n", *scenario.target.pid);
  }
  if (scenario.warm_up) print_phase(*scenario.warm_up);
  for (const Phase& phase : scenario.cycle) print_phase(phase);
  if (scenario.repeat_length) {
    fmt::print("cycles: as many as fit into {}\n", format_duration(*scenario.repeat_length));
  } else {
    fmt::print("cycles: {}\n", scenario.repeat);
  }
  const auto has_no_plan = [](const Phase& phase) { return phase.rate.unbounded; };
  const bool is_planned = !(scenario.warm_up && has_no_plan(*scenario.warm_up)) &&
                          std::ranges::none_of(scenario.cycle, has_no_plan);
  if (is_planned) fmt::print("connections: {} in all, numbered from 0\n", numbers_of(scenario));
  fmt::print("duration: about {}, and the grace of each storm ({}) where it is needed\n",
             brief_duration(scenario.planned_length()), format_duration(scenario.load.grace));
  print_processes(scenario.load);
  print_ports(scenario);
  for (const Expectation& each : scenario.expect) {
    fmt::print("expected: {} {}\n", each.path, each.bound);
  }
  return ExitStatus::kPass;
}

}  // namespace closewait
