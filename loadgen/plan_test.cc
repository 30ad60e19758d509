#include "loadgen/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace closewait {
namespace {

using std::chrono::seconds;

Phase mixed(double rate, Nanoseconds duration = seconds(1)) {
  Phase phase{.name = "storm", .duration = duration, .rate = {.from = rate, .to = 3 * rate}};
  for (const auto& [name, weight] :
       {std::pair{"polite", 50.0}, {"rst-after-connect", 30.0}, {"slow-read", 20.0}}) {
    phase.clients.push_back({.behaviour = find_behaviour(name), .weight = weight});
  }
  return phase;
}

PhasePlan::Spec spec(const Phase& phase, Arrivals arrivals, std::uint64_t seed = 1) {
  return {.phase = &phase, .arrivals = arrivals, .seed = seed, .first_number = 100};
}

void append_all(PhasePlan plan, std::vector<PlannedConnection>& all) {
  while (const auto connection = plan.next()) all.push_back(*connection);
}

// What so many workers begin, by number.
std::vector<PlannedConnection> begun_by(std::size_t workers, PhasePlan::Spec spec) {
  std::vector<PlannedConnection> all;
  spec.workers = workers;
  for (spec.worker = 0; spec.worker < workers; ++spec.worker) append_all(PhasePlan(spec), all);
  std::ranges::sort(all, {}, &PlannedConnection::number);
  return all;
}

TEST(PhasePlan, IsTheSameHoweverManyWorkersBeginIt) {
  Phase spiky = mixed(300);
  spiky.rate.steps = {{seconds(0), 100}, {std::chrono::milliseconds(300), 1000}};
  for (const Phase& phase : {mixed(300), spiky}) {
    for (const Arrivals arrivals : {Arrivals::kEven, Arrivals::kPoisson}) {
      for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const auto one = begun_by(1, spec(phase, arrivals, seed));
        ASSERT_EQ(one.size(), phase.planned());
        EXPECT_EQ(one.front().number, 100U);
        for (const std::size_t workers : {2U, 3U, 4U, 64U}) {
          EXPECT_EQ(begun_by(workers, spec(phase, arrivals, seed)), one) << workers;
        }
      }
    }
  }
}

TEST(PhasePlan, GivesAWorkerTheNumbersThatAreItsOwnInOrder) {
  const Phase phase = mixed(1000);
  PhasePlan::Spec third = spec(phase, Arrivals::kPoisson);
  third.worker = 2;
  third.workers = 4;
  std::vector<PlannedConnection> all;
  append_all(PhasePlan(third), all);
  EXPECT_EQ(all.size(), 500U);
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &PlannedConnection::offset));
  for (const PlannedConnection& each : all) EXPECT_EQ(each.number % 4, 2U);
}

TEST(PhasePlan, DependsOnTheSeed) {
  const Phase phase = mixed(1000);
  const auto one = begun_by(1, spec(phase, Arrivals::kPoisson, 1));
  const auto two = begun_by(1, spec(phase, Arrivals::kPoisson, 2));
  ASSERT_EQ(one.size(), two.size());
  std::size_t same_mix = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_NE(one[i].choices, two[i].choices);
    EXPECT_NE(one[i].offset, two[i].offset);
    if (one[i].mix == two[i].mix) ++same_mix;
  }
  EXPECT_LT(same_mix, one.size() / 2);
}

TEST(PhasePlan, SharesByTheWeights) {
  const Phase phase = mixed(10000);
  std::map<std::size_t, double> share;
  const auto all = begun_by(1, spec(phase, Arrivals::kEven));
  for (const PlannedConnection& each : all)
    share[each.mix] += 1.0 / static_cast<double>(all.size());
  EXPECT_NEAR(share[0], 0.5, 0.02);
  EXPECT_NEAR(share[1], 0.3, 0.02);
  EXPECT_NEAR(share[2], 0.2, 0.02);
}

TEST(PhasePlan, KnowsAConnectionByItsNumber) {
  const Phase phase = mixed(1000);
  const PhasePlan plan(spec(phase, Arrivals::kPoisson));
  for (PlannedConnection each : begun_by(1, spec(phase, Arrivals::kPoisson))) {
    each.offset = Nanoseconds(0);
    EXPECT_EQ(plan.of(each.number), each);
  }
}

// Two connections of warm-up, then three cycles of five and (after a rest) one.
Scenario of_cycles() {
  return parse_scenario(
      "name: s\ntarget: {pid: 1}\n"
      "warm_up: {for: 1s, rate: 2/s, clients: {polite: 1}}\n"
      "cycle: [{name: a, for: 1s, rate: 5/s, clients: {polite: 1}}, {name: rest, settle: 1s},\n"
      "        {name: b, for: 1s, rate: 1/s, clients: {polite: 1}}]\n"
      "repeat: 3\n",
      "s.yaml", {});
}

TEST(PlaceInRun, IsThePhaseOfTheNumber) {
  const Scenario scenario = of_cycles();
  EXPECT_EQ(numbers_of(scenario), 2U + 3 * 6);
  struct Case {
    std::uint64_t number;
    std::string phase;
    std::uint64_t cycle;
    std::uint64_t first;
  };
  for (const auto& [number, phase, cycle, first] : {Case{0, "warm_up", 0, 0},
                                                    {1, "warm_up", 0, 0},
                                                    {2, "a", 1, 2},
                                                    {6, "a", 1, 2},
                                                    {7, "b", 1, 7},
                                                    {8, "a", 2, 8},
                                                    {13, "b", 2, 13},
                                                    {18, "a", 3, 14},
                                                    {19, "b", 3, 19}}) {
    const auto place = place_of(scenario, number);
    ASSERT_TRUE(place) << number;
    EXPECT_EQ(place->phase->name, phase) << number;
    EXPECT_EQ(place->cycle, cycle) << number;
    EXPECT_EQ(place->first_number, first) << number;
  }
  EXPECT_FALSE(place_of(scenario, 20));
  EXPECT_FALSE(place_of(scenario, ~std::uint64_t{0}));
}

// Asked number by number, and enumerated phase by phase.
TEST(PhasePlan, CountsOfEachBehaviourAreThoseOfTheRun) {
  Scenario scenario = parse_scenario(
      "name: s\nseed: 9\ntarget: {pid: 1}\nwarm_up: {for: 1s, rate: 50/s, clients: {polite: 1}}\n"
      "cycle:\n"
      "  - {name: a, for: 1s, rate: 300/s, clients: {half-close: 1, polite: 2}}\n"
      "  - {settle: 1s}\n"
      "  - {name: b, for: 1s, rate: 70/s, clients: {slow-read: 1, half-close: 3}}\n"
      "repeat: 2\n",
      "s.yaml", {});
  std::vector<std::uint64_t> counts(scenario.behaviours().size());
  for (std::uint64_t first = 0; first < numbers_of(scenario);) {
    const auto place = place_of(scenario, first).value();
    PhasePlan plan({.phase = place.phase, .seed = scenario.seed, .first_number = first});
    while (const auto connection = plan.next()) {
      const Behaviour* behaviour = place.phase->clients[connection->mix].behaviour;
      const auto behaviours = scenario.behaviours();
      ++counts[static_cast<std::size_t>(std::ranges::find(behaviours, behaviour) -
                                        behaviours.begin())];
    }
    first += numbers_of(*place.phase);
  }
  EXPECT_EQ(connections_by_behaviour(scenario), counts);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 50U + 2 * 370);
}

TEST(PlaceInRun, IsOfAsManyCyclesAsFit) {
  Scenario scenario = of_cycles();
  scenario.repeat_length = 2 * (seconds(1) + seconds(1) + seconds(1));
  EXPECT_EQ(numbers_of(scenario), 2U + 2 * 6);
  EXPECT_FALSE(place_of(scenario, 14));
}

TEST(PlaceInRun, OfAPhaseWithoutAPlanHasRoomForALongTime) {
  Scenario scenario = of_cycles();
  scenario.cycle[0].rate = {.unbounded = true};
  scenario.repeat = 1'000'000;
  const auto place = place_of(scenario, 1ULL << 41);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->phase->name, "a");
  scenario.cycle.resize(100, scenario.cycle[0]);
  EXPECT_EQ(numbers_of(scenario), ~std::uint64_t{0});
}

}  // namespace
}  // namespace closewait
