#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/budget.h"
#include "loadgen/rate.h"
#include "report/brief.h"
#include "report/result.h"
#include "rig/interrupt.h"
#include "rig/machine.h"
#include "rig/one_run.h"
#include "rig/options.h"
#include "rig/results_folder.h"
#include "verdict/rate_search.h"

namespace closewait {
namespace {

using Json = nlohmann::ordered_json;

// What one trial came to. Inconclusive: the rig did not get there, which says nothing of the
// target.
struct Trial {
  double rate = 0;  // the highest of any storm
  Verdict verdict = Verdict::kInconclusive;
  std::optional<double> value;  // of the expectation's path
  std::string because;          // unless it held
  std::string folder;           // "" when nothing was played
};

bool is_storm(const Phase& phase) { return phase.kind == PhaseKind::kStorm; }

double peak_of(const Scenario& scenario) {
  double peak = 0;
  for (std::size_t i = 0; i < scenario.cycle.size(); ++i) {
    const Phase& phase = scenario.cycle[i];
    if (!is_storm(phase)) continue;
    if (phase.rate.unbounded) {
      throw UsageError(
          fmt::format("--find-limit raises the rate, and that of {0} is max; expected a rate to "
                      "begin with (--set cycle.{0}.rate=1000/s)",
                      phase.name));
    }
    peak = std::max(peak, peak_of(phase.rate));
  }
  return peak;
}

// "latency.polite.response.p99 < 50ms", also with a colon after the path.
Expectation parse_limit(const std::string& text) {
  const auto end = std::min(text.find_first_of(" :<>="), text.size());
  const std::string path = text.substr(0, end);
  const auto bound = std::min(text.find_first_not_of(" :", end), text.size());
  auto expectation = parse_expectation(path, text.substr(bound));
  if (path.empty() || !expectation || !unit_of(path)) {
    throw UsageError(
        fmt::format("--find-limit '{}': expected a number of result.json and {}, as in "
                    "'latency.polite.response.p99 < 50ms'",
                    text, kBoundExample));
  }
  return *expectation;
}

std::string why(const Run& run) {
  std::string reasons;
  const auto add = [&](const std::string& reason) {
    reasons += (reasons.empty() ? "" : "; ") + reason;
  };
  for (const Finding& each : run.findings) {
    add(fmt::format("finding {} {}", name_of(each.kind), each.behaviour));
  }
  if (!run.end) return reasons;
  for (const ExpectationResult& each : run.end->expectations) {
    if (each.held) continue;
    add(fmt::format("{} is {}, expected {}", each.path, brief_number(each.path, each.value),
                    each.bound));
  }
  for (const std::string& each : run.end->inconclusive_because) add(each);
  return reasons;
}

// Plays the trials and keeps what is known: limit.json is written anew after each.
class LimitSearch {
 public:
  LimitSearch(const Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        expectation_(parse_limit(options.find_limit)),
        peak_(peak_of(scenario)),
        search_(peak_),
        folder_(options, options.out, scenario.name) {
    options_.metrics_linger = Nanoseconds(0);
    options_.show_phases = false;
    options_.seed = scenario.seed;
  }

  void run() {
    for (auto rate = search_.next(); rate && !interrupt_.came(); rate = search_.next()) {
      Trial trial = play_at(*rate);
      if (interrupt_.came()) break;  // cut short, it says nothing
      trials_.push_back(std::move(trial));
      search_.tell(*rate, trials_.back().verdict == Verdict::kPass);
      print_trial(trials_.back());
      folder_.write("limit.json", json().dump(2) + "\n");
    }
    folder_.write("limit.json", json().dump(2) + "\n");
    if (options_.json) fmt::print("{}\n", json().dump(2));
    if (!options_.json) fmt::print("{}\nresults in {}\n", sentence(), folder_.path().string());
  }

  [[nodiscard]] ExitStatus status() const {
    if (!search_.decided() || limited_by_rig()) {
      const bool never = !interrupt_.came() && search_.breaks() && !search_.holds();
      return never && !limited_by_rig() ? ExitStatus::kFail : ExitStatus::kInconclusive;
    }
    return ExitStatus::kPass;
  }

 private:
  Trial play_at(double rate);
  void print_trial(const Trial& trial) const;
  [[nodiscard]] Json json() const;
  [[nodiscard]] std::string sentence() const;
  [[nodiscard]] std::string why_broken() const;
  // Where it breaks, the rig could not do more.
  [[nodiscard]] bool limited_by_rig() const;

  const Scenario& scenario_;
  RunOptions options_;
  Expectation expectation_;
  double peak_;
  RateSearch search_;
  ResultsFolder folder_;
  Interrupt interrupt_;
  std::vector<Trial> trials_;
};

Trial LimitSearch::play_at(double rate) {
  Trial trial{.rate = rate};
  RunOptions options = options_;
  for (std::size_t i = 0; i < scenario_.cycle.size(); ++i) {
    const Phase& phase = scenario_.cycle[i];
    if (!is_storm(phase)) continue;
    options.settings.emplace_back(fmt::format("cycle.{}.rate", i),
                                  rate_yaml(scaled(phase.rate, rate / peak_)));
  }
  options.settings.emplace_back("expect." + expectation_.path, expectation_.bound);
  options.settings.emplace_back("repeat", "1");
  const ChosenScenario chosen = choose_scenario(options);
  try {
    refuse_beyond(budget_of(chosen.scenario, this_machine(chosen.scenario.target.address())));
  } catch (const UsageError& error) {
    trial.because = error.what();
    return trial;
  }
  trial.folder = (folder_.path() / std::to_string(trials_.size() + 1)).string();
  Run run;
  try {
    run = play(chosen, options, trial.folder, interrupt_, [](const PlayedRun&) {});
  } catch (const SetupError&) {
    if (!interrupt_.came()) throw;  // else the target was not waited for
  }
  trial.verdict = verdict_of(run);
  trial.value = number_at(result_of(run), expectation_.path);
  if (trial.verdict != Verdict::kPass) trial.because = why(run);
  return trial;
}

constexpr std::array<std::string_view, 3> kTrialWords{"held", "broke", "not reached"};

void LimitSearch::print_trial(const Trial& trial) const {
  if (options_.json) return;
  fmt::print(
      "{:>12}/s  {:<12}{}{}\n", grouped(static_cast<std::uint64_t>(trial.rate)),
      kTrialWords[static_cast<std::size_t>(trial.verdict)],
      trial.value ? brief_number(expectation_.path, *trial.value) : std::string(kNotMeasured),
      trial.because.empty() ? "" : "  " + trial.because);
  std::fflush(stdout);
}

bool LimitSearch::limited_by_rig() const {
  const auto breaks = search_.breaks();
  if (!breaks) return search_.holds() && !search_.next();
  const auto inconclusive = std::ranges::count_if(trials_, [&](const Trial& each) {
    return each.rate == breaks->rate && each.verdict == Verdict::kInconclusive;
  });
  return 2 * static_cast<std::size_t>(inconclusive) > breaks->broke;
}

std::string LimitSearch::why_broken() const {
  const auto breaks = search_.breaks();
  const auto last = std::find_if(trials_.rbegin(), trials_.rend(), [&](const Trial& each) {
    return breaks && each.rate == breaks->rate && each.verdict != Verdict::kPass;
  });
  return last == trials_.rend() ? "" : last->because;
}

Json tried_json(const std::optional<RateSearch::Tried>& tried) {
  if (!tried) return nullptr;
  return {{"rate", tried->rate},
          {"trials", tried->trials()},
          {"held", tried->held},
          {"broke", tried->broke},
          {"confidence", tried->confidence()}};
}

Json LimitSearch::json() const {
  Json trials = Json::array();
  for (const Trial& each : trials_) {
    trials.push_back({{"rate", each.rate},
                      {"verdict", kVerdictNames[static_cast<std::size_t>(each.verdict)]},
                      {"value", each.value ? Json(*each.value) : Json(nullptr)},
                      {"because", each.because},
                      {"folder", each.folder}});
  }
  return {{"schema", kResultSchema},
          {"scenario", scenario_.name},
          {"seed", scenario_.seed},
          {"expectation", {{"path", expectation_.path}, {"bound", expectation_.bound}}},
          {"decided", search_.decided()},
          {"holds", tried_json(search_.holds())},
          {"breaks", tried_json(search_.breaks())},
          {"breaks_because", why_broken()},
          {"limited_by", limited_by_rig()   ? "rig"
                         : search_.breaks() ? "target"
                                            : ""},
          {"trials", trials}};
}

std::string rate_and_trials(const RateSearch::Tried& tried) {
  return fmt::format("{}/s ({} of {} trials, confidence {:.0f}%)",
                     grouped(static_cast<std::uint64_t>(tried.rate)),
                     std::max(tried.held, tried.broke), tried.trials(), 100 * tried.confidence());
}

std::string LimitSearch::sentence() const {
  const auto holds = search_.holds();
  const auto breaks = search_.breaks();
  const std::string what = expectation_.path + " " + expectation_.bound;
  std::string text = limited_by_rig()    ? "AT LEAST: "
                     : search_.decided() ? "LIMIT: "
                                         : "UNDECIDED: ";
  text += what;
  text += holds ? " holds at " + rate_and_trials(*holds) : " holds at no rate that was tried";
  if (breaks && limited_by_rig()) {
    text += "; the rig itself does not reach " + rate_and_trials(*breaks);
  } else if (breaks) {
    text += "; it breaks at " + rate_and_trials(*breaks);
  }
  const std::string because = why_broken();
  return because.empty() ? text + "." : text + ": " + because + ".";
}

}  // namespace

ExitStatus find_limit_command(const Scenario& scenario, const RunOptions& options) {
  if (options.repeat > 1) {
    throw UsageError("--find-limit tries each rate as often as it takes; leave out --repeat");
  }
  LimitSearch search(scenario, options);
  search.run();
  return search.status();
}

}  // namespace closewait
