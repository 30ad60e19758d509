#include "loadgen/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

namespace closewait {
namespace {

using std::chrono::seconds;

ArrivalPlan::Spec spec(Arrivals kind, double from, double to, std::uint64_t count,
                       std::uint64_t seed = 1) {
  return {.rate = {.from = from, .to = to},
          .duration = seconds(10),
          .kind = kind,
          .count = count,
          .seed = seed};
}

std::vector<Nanoseconds> all_of(const ArrivalPlan::Spec& spec) {
  ArrivalPlan plan(spec);
  std::vector<Nanoseconds> instants;
  while (const auto instant = plan.next()) {
    instants.push_back(*instant);
    if (instants.size() > spec.count) break;
  }
  return instants;
}

// Variance of the gaps over the square of their mean: 0 for a metronome, 1 for a Poisson process.
double spread_of_gaps(const std::vector<Nanoseconds>& instants) {
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 1; i < instants.size(); ++i) {
    const double gap = to_seconds(instants[i] - instants[i - 1]);
    sum += gap;
    squares += gap * gap;
  }
  const auto count = static_cast<double>(instants.size() - 1);
  const double mean = sum / count;
  return (squares / count - mean * mean) / (mean * mean);
}

// By which instant a share of a ramp from a to b has begun: the root of its integral.
double ramp_quantile(double a, double b, double length, double share) {
  const double slope = (b - a) / length;
  const double area = share * (a + b) / 2 * length;
  return slope == 0 ? area / a : (std::sqrt(a * a + 2 * slope * area) - a) / slope;
}

TEST(ArrivalPlan, GivesExactlySoManyInOrderWithinThePhase) {
  for (const Arrivals kind : {Arrivals::kEven, Arrivals::kPoisson}) {
    for (const std::uint64_t count : {0U, 1U, 2U, 7U, 20000U}) {
      for (const auto& [from, to] : {std::pair{100.0, 100.0}, {0.0, 200.0}, {200.0, 0.0}}) {
        const auto instants = all_of(spec(kind, from, to, count));
        EXPECT_EQ(instants.size(), count);
        EXPECT_TRUE(std::ranges::is_sorted(instants));
        if (count == 0) continue;
        EXPECT_GE(instants.front(), Nanoseconds(0));
        EXPECT_LT(instants.back(), seconds(10));
      }
    }
  }
}

TEST(ArrivalPlan, EndsForGood) {
  ArrivalPlan plan(spec(Arrivals::kPoisson, 1, 1, 3));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(plan.next());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(plan.next());
}

TEST(ArrivalPlan, SpacesEvenly) {
  const auto instants = all_of(spec(Arrivals::kEven, 100, 100, 1000));
  for (std::size_t i = 1; i < instants.size(); ++i) {
    EXPECT_NEAR(to_seconds(instants[i] - instants[i - 1]), 0.01, 1e-6) << i;
  }
  // Half a gap at either end, so that phases join without a burst.
  EXPECT_NEAR(to_seconds(instants.front()), 0.005, 1e-6);
  EXPECT_NEAR(to_seconds(instants.back()), 9.995, 1e-6);
}

TEST(ArrivalPlan, FollowsARamp) {
  constexpr std::uint64_t kCount = 50000;
  for (const auto& [from, to] :
       {std::pair{500.0, 4000.0}, {4000.0, 500.0}, {0.0, 1000.0}, {1000.0, 0.0}, {7.0, 7.0}}) {
    const auto even = all_of(spec(Arrivals::kEven, from, to, kCount));
    const auto poisson = all_of(spec(Arrivals::kPoisson, from, to, kCount));
    for (const double share : {0.05, 0.25, 0.5, 0.75, 0.95}) {
      const auto at = static_cast<std::size_t>(share * kCount);
      const double expected = ramp_quantile(from, to, 10, share);
      EXPECT_NEAR(to_seconds(even[at]), expected, 0.002) << from << ".." << to << " " << share;
      EXPECT_NEAR(to_seconds(poisson[at]), expected, 0.1) << from << ".." << to << " " << share;
    }
  }
}

TEST(ArrivalPlan, ScattersAPoissonProcessAsOneShould) {
  const auto instants = all_of(spec(Arrivals::kPoisson, 100, 100, 50000));
  EXPECT_NEAR(spread_of_gaps(instants), 1, 0.05);
  EXPECT_LT(spread_of_gaps(all_of(spec(Arrivals::kEven, 100, 100, 50000))), 1e-3);
  // Exponential gaps: so many are longer than twice the mean.
  const double mean = 10.0 / 50000;
  std::size_t longer = 0;
  for (std::size_t i = 1; i < instants.size(); ++i) {
    if (to_seconds(instants[i] - instants[i - 1]) > 2 * mean) ++longer;
  }
  EXPECT_NEAR(static_cast<double>(longer) / 50000, std::exp(-2), 0.01);
}

// Connections that have begun by `at`, from the plan as it is written.
double begun_by(const Rate& rate, Nanoseconds duration, Nanoseconds at) {
  const double t = to_seconds(at);
  if (rate.steps.empty()) {
    return rate.from * t + (rate.to - rate.from) * t * t / 2 / to_seconds(duration);
  }
  double begun = 0;
  for (std::size_t i = 0; i < rate.steps.size(); ++i) {
    const bool last = i + 1 == rate.steps.size();
    const Nanoseconds end = std::min(at, last ? duration : rate.steps[i + 1].at);
    if (end > rate.steps[i].at) begun += rate.steps[i].rate * to_seconds(end - rate.steps[i].at);
  }
  return begun;
}

// A plan that nobody chose: a line or up to eight steps, some of nothing, 1 ms to 20 s long.
Phase drawn_phase(Random& random) {
  constexpr Nanoseconds kMillisecond = std::chrono::milliseconds(1);
  const auto rate_drawn = [&] { return static_cast<double>(random.below(600)) / 3; };
  Phase phase{.duration = kMillisecond * static_cast<std::int64_t>(1 + random.below(20000)),
              .clients = {{}}};
  if (random.below(3) == 0) {
    phase.rate = {.from = rate_drawn(), .to = rate_drawn()};
    return phase;
  }
  std::set<Nanoseconds> instants{Nanoseconds(0)};
  for (std::uint64_t i = random.below(8); i > 0; --i) {
    instants.insert(Nanoseconds(random.below(static_cast<std::uint64_t>(phase.duration.count()))));
  }
  for (const Nanoseconds at : instants) {
    const double rate = random.below(4) == 0 ? 0 : rate_drawn();
    phase.rate.steps.push_back({.at = at, .rate = rate});
  }
  return phase;
}

ArrivalPlan::Spec spec_of(const Phase& phase, Arrivals kind, std::uint64_t seed) {
  return {.rate = phase.rate,
          .duration = phase.duration,
          .kind = kind,
          .count = phase.planned(),
          .seed = seed};
}

TEST(ArrivalPlan, OfAnyPlanAndSeedIsExactInOrderAndWithinThePhase) {
  Random random(7);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Phase phase = drawn_phase(random);
    const double integral = begun_by(phase.rate, phase.duration, phase.duration);
    for (const Arrivals kind : {Arrivals::kEven, Arrivals::kPoisson}) {
      const auto instants = all_of(spec_of(phase, kind, seed));
      ASSERT_NEAR(static_cast<double>(instants.size()), integral, 0.5 + 1e-6) << seed;
      ASSERT_TRUE(std::ranges::is_sorted(instants)) << seed;
      if (instants.empty()) continue;
      EXPECT_GE(instants.front(), Nanoseconds(0)) << seed;
      EXPECT_LT(instants.back(), phase.duration) << seed;
    }
  }
}

TEST(ArrivalPlan, SpacesEvenlyByTheIntegralOfTheRate) {
  Random random(8);
  for (int drawn = 0; drawn < 100; ++drawn) {
    const Phase phase = drawn_phase(random);
    const auto instants = all_of(spec_of(phase, Arrivals::kEven, 1));
    const auto count = static_cast<double>(instants.size());
    const double integral = begun_by(phase.rate, phase.duration, phase.duration);
    for (std::size_t i = 0; i < instants.size(); ++i) {
      const double begun = begun_by(phase.rate, phase.duration, instants[i]);
      ASSERT_NEAR(begun / integral * count, static_cast<double>(i) + 0.5, 1e-3) << drawn;
    }
  }
}

TEST(ArrivalPlan, ScattersByTheIntegralOfTheRate) {
  Random random(9);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Phase phase = drawn_phase(random);
    const auto instants = all_of(spec_of(phase, Arrivals::kPoisson, seed));
    const auto count = static_cast<double>(instants.size());
    const double integral = begun_by(phase.rate, phase.duration, phase.duration);
    for (const double share : {0.1, 0.5, 0.9}) {
      if (instants.size() < 20) continue;
      // By when the share has begun, as connections of the plan: five standard deviations.
      const auto at = static_cast<std::size_t>(share * count);
      const double begun = begun_by(phase.rate, phase.duration, instants[at]) / integral * count;
      EXPECT_NEAR(begun, share * count, 2 + 5 * std::sqrt(count * share * (1 - share))) << seed;
    }
  }
}

TEST(ArrivalPlan, SpacesAPoissonProcessByItsRateInTheMean) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto instants = all_of(spec(Arrivals::kPoisson, 1000, 1000, 10000, seed));
    const double mean = to_seconds(instants.back() - instants.front()) / 9999;
    EXPECT_NEAR(mean, 0.001, 0.00001) << seed;
  }
}

// A spike is spaced too: nothing of it comes at once.
TEST(ArrivalPlan, NeverBeginsEvenArrivalsInBatches) {
  Phase phase{.duration = seconds(10), .clients = {{}}};
  phase.rate.steps = {{seconds(0), 100}, {seconds(3), 5000}, {seconds(4), 100}};
  const auto instants = all_of(spec_of(phase, Arrivals::kEven, 1));
  ASSERT_EQ(instants.size(), 5900U);
  for (std::size_t i = 1; i < instants.size(); ++i) {
    ASSERT_GE(instants[i] - instants[i - 1], std::chrono::microseconds(199)) << i;
  }
}

TEST(ArrivalPlan, IsTheSameForTheSameSeedOnly) {
  const auto one = all_of(spec(Arrivals::kPoisson, 500, 4000, 1000, 1));
  EXPECT_EQ(one, all_of(spec(Arrivals::kPoisson, 500, 4000, 1000, 1)));
  EXPECT_NE(one, all_of(spec(Arrivals::kPoisson, 500, 4000, 1000, 2)));
}

// As many as planned, in groups of one instant, the last of which has what is left.
TEST(ArrivalPlan, BringsThemTogether) {
  for (const Arrivals kind : {Arrivals::kEven, Arrivals::kPoisson}) {
    ArrivalPlan::Spec together = spec(kind, 100, 100, 1000);
    together.together = 16;
    std::map<Nanoseconds, int> groups;
    for (const Nanoseconds instant : all_of(together)) ++groups[instant];
    ASSERT_EQ(groups.size(), 63U);
    const auto last = groups.rbegin()->first;
    for (const auto& [instant, size] : groups) EXPECT_EQ(size, instant == last ? 8 : 16);
    EXPECT_LE(last, seconds(10));
  }
}

}  // namespace
}  // namespace closewait
