#include "loadgen/plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace closewait {
namespace {

constexpr std::uint64_t kUnboundedNumbers = 1ULL << 42;

std::vector<double> bounds_of(const std::vector<ClientMix>& clients) {
  const double sum =
      std::accumulate(clients.begin(), clients.end(), 0.0,
                      [](double total, const ClientMix& mix) { return total + mix.weight; });
  std::vector<double> bounds;
  double bound = 0;
  for (const ClientMix& mix : clients) bounds.push_back(bound += mix.weight / sum);
  return bounds;
}

std::uint64_t numbers_of_warm_up(const Scenario& scenario) {
  return scenario.warm_up ? numbers_of(*scenario.warm_up) : 0;
}

std::uint64_t numbers_of_cycle(const Scenario& scenario) {
  return std::accumulate(
      scenario.cycle.begin(), scenario.cycle.end(), std::uint64_t{0},
      [](std::uint64_t sum, const Phase& phase) { return sum + numbers_of(phase); });
}

}  // namespace

PhasePlan::PhasePlan(const Spec& spec)
    : spec_(spec),
      arrivals_({.rate = spec.phase->rate,
                 .duration = spec.phase->duration,
                 .kind = spec.arrivals,
                 .count = spec.phase->planned(),
                 .together = spec.phase->together,
                 .seed = hash(spec.seed, spec.first_number)}),
      next_number_(spec.first_number),
      bounds_(bounds_of(spec.phase->clients)) {}

std::optional<PlannedConnection> PhasePlan::next() {
  while (const auto offset = arrivals_.next()) {
    const std::uint64_t number = next_number_++;
    if (number % spec_.workers != spec_.worker) continue;
    PlannedConnection connection = of(number);
    connection.offset = *offset;
    return connection;
  }
  return std::nullopt;
}

PlannedConnection PhasePlan::of(std::uint64_t number) const {
  const std::uint64_t choices = hash(spec_.seed, number);
  const auto bound = std::ranges::lower_bound(bounds_, Random(choices).unit());
  const auto found = static_cast<std::size_t>(bound - bounds_.begin());
  // The last bound may be a rounding error below 1.
  return {.number = number, .mix = std::min(found, bounds_.size() - 1), .choices = choices};
}

std::uint64_t numbers_of(const Phase& phase) {
  return phase.rate.unbounded ? kUnboundedNumbers : phase.planned();
}

std::uint64_t numbers_of(const Scenario& scenario) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t before = numbers_of_warm_up(scenario);
  const std::uint64_t each = numbers_of_cycle(scenario);
  const std::uint64_t cycles = scenario.planned_cycles();
  if (each > (kMost - before) / cycles) return kMost;
  return before + cycles * each;
}

std::vector<std::uint64_t> connections_by_behaviour(const Scenario& scenario) {
  const auto behaviours = scenario.behaviours();
  std::vector<std::uint64_t> counts(behaviours.size());
  std::uint64_t number = 0;
  const auto count = [&](const Phase& phase) {
    if (phase.kind == PhaseKind::kRest) return;
    const PhasePlan plan(
        {.phase = &phase, .arrivals = scenario.load.arrivals, .seed = scenario.seed});
    for (const std::uint64_t end = number + numbers_of(phase); number < end; ++number) {
      const Behaviour* behaviour = phase.clients[plan.of(number).mix].behaviour;
      ++counts[static_cast<std::size_t>(std::ranges::find(behaviours, behaviour) -
                                        behaviours.begin())];
    }
  };
  if (scenario.warm_up) count(*scenario.warm_up);
  for (std::uint64_t cycle = 0; cycle < scenario.planned_cycles(); ++cycle) {
    for (const Phase& phase : scenario.cycle) count(phase);
  }
  return counts;
}

std::optional<PlaceInRun> place_of(const Scenario& scenario, std::uint64_t number) {
  std::uint64_t first = numbers_of_warm_up(scenario);
  if (number < first) return PlaceInRun{.phase = &*scenario.warm_up};
  const std::uint64_t each = numbers_of_cycle(scenario);
  if (each == 0) return std::nullopt;
  const std::uint64_t cycle = (number - first) / each;
  if (cycle >= scenario.planned_cycles()) return std::nullopt;
  first += cycle * each;
  for (const Phase& phase : scenario.cycle) {
    const std::uint64_t after = first + numbers_of(phase);
    if (number < after) return PlaceInRun{&phase, cycle + 1, first};
    first = after;
  }
  return std::nullopt;
}

}  // namespace closewait
