#include "verdict/count_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "verdict/leak.h"

namespace closewait {
namespace {

// Growth that a model of no name may miss.
constexpr double kRoughTolerance = 0.25;
// Steps that growth without a name needs: a pool that fills (a proxy's connections to its servers)
// looks like a leak for two, and a descriptor or two a step may be anything.
constexpr std::ptrdiff_t kLeastSteps = 3;
constexpr double kLeastGrowth = 6;
constexpr double kLeastNamedGrowth = 4;  // below it some rare behaviour fits by chance
constexpr std::size_t kMostTogether = 3;
// Among more behaviours than these, several together would fit by chance: single ones are sought.
constexpr std::size_t kMostBehaviours = 16;

FindingKind kind_of(Counted counted) {
  switch (counted) {
    case Counted::kDescriptors:
      return FindingKind::kFdLeak;
    case Counted::kGhosts:
      return FindingKind::kGhostRegistration;
    case Counted::kThreads:
      return FindingKind::kThreadLeak;
    case Counted::kProcesses:
      return FindingKind::kProcessLeak;
  }
  return FindingKind::kFdLeak;
}

std::uint64_t count_at(const Census& rest, Counted counted) {
  switch (counted) {
    case Counted::kDescriptors:
      return rest.sample.fds;
    case Counted::kGhosts:
      return rest.epoll_ghosts;
    case Counted::kThreads:
      return rest.sample.threads;
    case Counted::kProcesses:
      return rest.sample.processes;
  }
  return 0;
}

std::vector<std::uint64_t> counts_at(const std::vector<Census>& rests, Counted counted) {
  std::vector<std::uint64_t> counts;
  for (const Census& rest : rests) counts.push_back(count_at(rest, counted));
  return counts;
}

std::vector<double> unexplained(const std::vector<Census>& rests, Counted counted) {
  const bool identity =
      counted == Counted::kDescriptors && std::ranges::all_of(rests, &Census::feed_available);
  std::vector<double> series;
  for (const Census& rest : rests) {
    const std::uint64_t explained = identity ? held_outstanding(rests.front(), rest) : 0;
    series.push_back(static_cast<double>(count_at(rest, counted)) - static_cast<double>(explained));
  }
  return series;
}

std::vector<double> steps_of(const std::vector<double>& series) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < series.size(); ++i) steps.push_back(series[i] - series[i - 1]);
  return steps;
}

std::vector<double> served_series(const std::vector<Census>& rests, const std::string& behaviour) {
  std::vector<double> series;
  for (const Census& rest : rests) {
    const auto found = rest.served_by_behaviour.find(behaviour);
    series.push_back(found == rest.served_by_behaviour.end() ? 0
                                                             : static_cast<double>(found->second));
  }
  return series;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

struct Model {
  std::vector<std::string> behaviours{};
  double per_connection = 0;
  double missed = 0;  // over all steps, what it does not explain
  // Each further behaviour has to explain more than one of them.
  [[nodiscard]] double score() const { return missed + static_cast<double>(behaviours.size()); }
};

double missed_by(double per_connection, const std::vector<double>& growth,
                 const std::vector<double>& served) {
  double missed = 0;
  for (std::size_t i = 0; i < growth.size(); ++i) {
    missed += std::abs(growth[i] - per_connection * served[i]);
  }
  return missed;
}

// What a name may miss: a few descriptors that had not settled. Storms are much alike, so with
// more than that some set of behaviours would fit by chance.
double noise(const std::vector<double>& growth) {
  return std::max(std::min(2.0, 0.02 * sum(growth)), 0.002 * sum(growth));
}

struct Served {
  std::string behaviour;
  std::vector<double> steps;
};

using ServedSet = std::vector<const Served*>;

// Those that may have left it together.
std::vector<ServedSet> candidates(const std::vector<Served>& served) {
  std::vector<ServedSet> sets;
  if (served.size() > kMostBehaviours) {
    for (const Served& each : served) sets.push_back({&each});
    return sets;
  }
  for (std::uint32_t bits = 1; bits < (1U << served.size()); ++bits) {
    const auto members = static_cast<std::size_t>(std::popcount(bits));
    if (members > kMostTogether && members != served.size()) continue;
    ServedSet& set = sets.emplace_back();
    for (std::size_t i = 0; i < served.size(); ++i) {
      if ((bits >> i & 1U) != 0) set.push_back(&served[i]);
    }
  }
  return sets;
}

// So many, a whole number, for each connection of these behaviours together.
std::optional<Model> fit(const std::vector<double>& growth, const ServedSet& set) {
  Model model;
  std::vector<double> together(growth.size());
  for (const Served* each : set) {
    model.behaviours.push_back(each->behaviour);
    std::ranges::transform(together, each->steps, together.begin(), std::plus{});
  }
  if (sum(together) <= 0 || sum(growth) < kLeastNamedGrowth) return {};
  model.per_connection = std::round(sum(growth) / sum(together));
  model.missed = missed_by(model.per_connection, growth, together);
  if (model.per_connection < 1 || model.missed > noise(growth)) return {};
  return model;
}

// The behaviours of whose connections each leaves a whole number of them; nothing when
// there are none, or when others would explain the growth as well.
std::optional<Model> name_behaviours(const std::vector<Census>& rests,
                                     const std::vector<double>& growth) {
  std::vector<Served> served;
  for (const auto& [name, count] : rests.back().served_by_behaviour) {
    served.push_back({name, steps_of(served_series(rests, name))});
    if (sum(served.back().steps) <= 0) served.pop_back();
  }
  std::optional<Model> best;
  bool ambiguous = false;
  for (const ServedSet& set : candidates(served)) {
    std::optional<Model> model = fit(growth, set);
    if (!model) continue;
    const auto rank = [](const Model& each) {
      return std::pair(each.score(), each.behaviours.size());
    };
    if (best && rank(*best) < rank(*model)) continue;
    ambiguous = best && rank(*best) == rank(*model);
    if (!ambiguous) best = std::move(model);
  }
  return ambiguous ? std::nullopt : best;
}

std::vector<std::string> evidence(const std::vector<Census>& rests, Counted counted,
                                  const std::vector<double>& growth) {
  const std::string_view unit = unit_of(kind_of(counted));
  std::vector<std::string> sentences{fmt::format("the target's {} from rest to rest: {}", unit,
                                                 fmt::join(counts_at(rests, counted), ", "))};
  if (counted == Counted::kDescriptors) {
    sentences.push_back(
        fmt::format("steps that no living connection explains: {}", fmt::join(growth, ", ")));
    for (const auto& [kind, count] : rests.back().fds_by_kind) {
      const auto before = rests.front().fds_by_kind.find(kind);
      const std::uint64_t had = before == rests.front().fds_by_kind.end() ? 0 : before->second;
      if (count > had)
        sentences.push_back(fmt::format("{}: {} more than at first", kind, count - had));
    }
  }
  if (counted == Counted::kGhosts) {
    sentences.push_back(fmt::format(
        "an epoll set tells of {} whose descriptor is closed; something else holds what they are "
        "of: a duplicate (dup, fork, SCM_RIGHTS)",
        count_at(rests.back(), counted)));
  }
  sentences.push_back(fmt::format("stands on the count of the target's {}", unit));
  return sentences;
}

}  // namespace

CountSteps leaks_by_count(const std::vector<Census>& rests, Counted counted) {
  CountSteps result;
  if (rests.size() < 2) return result;
  const std::string_view kind = name_of(kind_of(counted));
  const std::string_view unit = unit_of(kind_of(counted));
  const std::vector<double> growth = steps_of(unexplained(rests, counted));
  const double total = sum(growth);
  if (total < 1 || growth.back() <= 0) return result;
  const auto grown = std::ranges::count_if(growth, [](double step) { return step > 0; });
  if (grown < 2) {
    result.not_judged =
        fmt::format("{}: {} more {} after one storm; it takes two to tell growth from a step", kind,
                    total, unit);
    return result;
  }
  std::vector<double> all(growth.size());
  for (const auto& [name, count] : rests.back().served_by_behaviour) {
    const auto steps = steps_of(served_series(rests, name));
    std::ranges::transform(all, steps, all.begin(), std::plus{});
  }
  Finding finding{.kind = kind_of(counted),
                  .confidence = "estimated",
                  .evidence = evidence(rests, counted, growth)};
  if (const auto model = name_behaviours(rests, growth)) {
    for (const std::string& behaviour : model->behaviours) {
      finding.behaviour = behaviour;
      finding.per_connection = model->per_connection;
      result.findings.push_back(finding);
    }
    return result;
  }
  const double per_connection = sum(all) > 0 ? total / sum(all) : 0;
  if (missed_by(per_connection, growth, all) > kRoughTolerance * total) {
    result.not_judged = fmt::format(
        "{}: {} more {} than at first, not in proportion to any connections", kind, total, unit);
    return result;
  }
  if (grown < kLeastSteps || total < kLeastGrowth) {
    result.not_judged = fmt::format(
        "{}: {} more {} than at first in {} steps, which no behaviour explains and which a pool "
        "that fills would leave too; a longer run (repeat) tells",
        kind, total, unit, grown);
    return result;
  }
  finding.per_connection = per_connection;
  result.findings.push_back(finding);
  return result;
}

}  // namespace closewait
