#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "loadgen/budget.h"
#include "loadgen/plan.h"
#include "report/brief.h"
#include "rig/host_faults.h"
#include "rig/machine.h"
#include "rig/options.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

// Counting more of them would take seconds.
constexpr std::uint64_t kMostCounted = 10'000'000;

void print_host_fault(const HostFaultPlan& fault) {
  fmt::print("  host: {} at {}", name_of(fault.kind), format_duration(fault.at));
  if (fault.length.count() > 0) fmt::print(" for {}", format_duration(fault.length));
  if (fault.kind == HostFaultKind::kFewDescriptors) fmt::print(", {} to spare", fault.spare);
  if (fault.kind == HostFaultKind::kKillSockets) {
    fmt::print(", {}", fault.sockets ? std::to_string(*fault.sockets) : "all");
  }
  fmt::print("\n");
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
    if (mix.at_most) fmt::print(", at most {} open", *mix.at_most);
    fmt::print("\n");
  }
  for (const HostFaultPlan& fault : phase.host) print_host_fault(fault);
}

void print_phase(const Phase& phase) {
  if (phase.kind != PhaseKind::kRest) return print_storm(phase);
  fmt::print("{}: until nothing moved for {}, {} at most\n", phase.name,
             format_duration(phase.quiet), format_duration(phase.settle));
}

std::string amount(const Need& need, std::uint64_t value) {
  return need.is_bytes ? brief_bytes(static_cast<double>(value)) : grouped(value);
}

void print_connections(const Scenario& scenario) {
  fmt::print("connections: {} in all, numbered from 0\n", numbers_of(scenario));
  if (numbers_of(scenario) > kMostCounted) return;
  const auto behaviours = scenario.behaviours();
  const auto counts = connections_by_behaviour(scenario);
  for (std::size_t i = 0; i < behaviours.size(); ++i) {
    fmt::print("  {:<20} {:>10}\n", behaviours[i]->name, grouped(counts[i]));
  }
}

void print_budget(const std::vector<Need>& budget) {
  fmt::print("\n{:<12} {:>10} {:>10} {:>10}\n", "needed", "certainly", "at most", "there");
  for (const Need& need : budget) {
    const char* verdict = !need.fits() ? "TOO MUCH" : need.is_close() ? "may be short" : "fits";
    fmt::print("{:<12} {:>10} {:>10} {:>10}  {:<12}  {}\n", need.what, amount(need, need.certain),
               amount(need, need.at_most), amount(need, need.there), verdict, need.because);
  }
}

// Whether they can be done to a target that runs; one that does not, or that the run starts, has no
// process yet to look at. Throws SetupError when they cannot.
void check_host_faults(const Scenario& scenario) {
  if (!has_host_faults(scenario)) return;
  require_host_faults(scenario, nullptr);
  if (!scenario.target.start.empty()) return;
  std::optional<TargetProcess> target;
  try {
    target.emplace(TargetProcess::Setup{.spec = &scenario.target});
  } catch (const SetupError& error) {
    fmt::print("host faults: whether they can be done is known when the target runs ({})\n",
               error.what());
    return;
  }
  require_host_faults(scenario, &*target);
  fmt::print("host faults: can be done to pid {}\n", fmt::join(target->observer()->pids(), ", "));
}

}  // namespace

ExitStatus check_command(const RunOptions& options) {
  const ChosenScenario chosen = choose_scenario(options);
  const Scenario& scenario = chosen.scenario;
  fmt::print("scenario {}, seed {}{}\n", scenario.name, scenario.seed,
             scenario.seed_given ? "" : " (drawn; none is given)");
  if (!scenario.target.start.empty()) {
    fmt::print("target: starts {}\n", fmt::join(scenario.target.start, " "));
  } else if (!scenario.target.addresses.empty()) {
    fmt::print("target: {}\n", list_of(scenario.target.addresses));
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
  if (is_planned) print_connections(scenario);
  fmt::print("duration: about {}, and the grace of each storm ({}) where it is needed\n",
             brief_duration(scenario.planned_length()), format_duration(scenario.load.grace));
  for (const Expectation& each : scenario.expect) {
    fmt::print("expected: {} {}\n", each.path, each.bound);
  }
  const auto budget = budget_of(scenario, this_machine(scenario.target.address()));
  print_budget(budget);
  check_host_faults(scenario);
  std::fflush(stdout);
  refuse_beyond(budget);
  return ExitStatus::kPass;
}

}  // namespace closewait
