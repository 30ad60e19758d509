#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "loadgen/arrivals.h"
#include "loadgen/scenario.h"

namespace closewait {

// All that a plan decides about one connection.
struct PlannedConnection {
  std::uint64_t number = 0;   // of the run, over all phases, from 0
  std::size_t mix = 0;        // index of the phase's clients
  std::uint64_t choices = 0;  // seeds whatever its behaviour chooses
  Nanoseconds offset{0};      // from the start of the phase

  friend bool operator==(const PlannedConnection&, const PlannedConnection&) = default;
};

// The connections of a phase that one of some workers begins: each whose number is its own modulo
// the number of workers, in order, streamed. All workers together begin the same connections,
// however many they are. Borrows the phase. Pure.
class PhasePlan {
 public:
  struct Spec {
    const Phase* phase = nullptr;
    Arrivals arrivals = Arrivals::kPoisson;
    std::uint64_t seed = 0;          // of the run
    std::uint64_t first_number = 0;  // of the phase
    std::size_t worker = 0;
    std::size_t workers = 1;
  };

  explicit PhasePlan(const Spec& spec);

  // The worker's next connection; nothing at the end, and nothing of a phase without a plan.
  [[nodiscard]] std::optional<PlannedConnection> next();
  // The connection of this number, whose offset is left open: what it does depends on the seed
  // and its number alone.
  [[nodiscard]] PlannedConnection of(std::uint64_t number) const;

 private:
  Spec spec_;
  ArrivalPlan arrivals_;
  std::uint64_t next_number_;
  std::vector<double> bounds_;  // of the mix: cumulated weights, the last one is 1
};

// How many numbers a phase takes: one for each connection; without a plan more than any machine
// uses up in a year.
[[nodiscard]] std::uint64_t numbers_of(const Phase& phase);
// The same of a whole run, as many cycles as are planned.
[[nodiscard]] std::uint64_t numbers_of(const Scenario& scenario);

// How many connections of a planned run each of scenario.behaviours() has: every number is asked.
[[nodiscard]] std::vector<std::uint64_t> connections_by_behaviour(const Scenario& scenario);

// The phase of a run that a connection belongs to.
struct PlaceInRun {
  const Phase* phase = nullptr;  // of the scenario
  std::uint64_t cycle = 0;       // from 1; 0 for the warm-up
  std::uint64_t first_number = 0;
};
// Nothing when the plan has no such number.
[[nodiscard]] std::optional<PlaceInRun> place_of(const Scenario& scenario, std::uint64_t number);

}  // namespace closewait
