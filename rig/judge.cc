#include "rig/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <set>

#include "base/units.h"
#include "report/result.h"
#include "rig/results_folder.h"
#include "rig/show_again.h"
#include "verdict/at_rest.h"
#include "verdict/bystanders.h"
#include "verdict/count_steps.h"
#include "verdict/expectations.h"
#include "verdict/honesty.h"
#include "verdict/leak.h"
#include "verdict/lingering.h"
#include "verdict/reset_proof.h"
#include "verdict/responses.h"
#include "verdict/stuck.h"
#include "verdict/unbounded_buffer.h"

namespace closewait {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

const AcceptedFinding* accepted(const Finding& finding, const Scenario& scenario) {
  const std::string date = today();
  const auto found = std::ranges::find_if(scenario.accept, [&](const AcceptedFinding& each) {
    return each.finding == name_of(finding.kind) &&
           (each.behaviour.empty() || each.behaviour == finding.behaviour) &&
           (each.until.empty() || date <= each.until);
  });
  return found == scenario.accept.end() ? nullptr : &*found;
}

bool fds_were_counted(const Run& run) {
  return !run.rests.empty() && run.rests.back().sample.fds > 0;
}

// Connections that went without a word stay until the target's own time, which it has not promised:
// where they are not known one by one, they cannot be told from descriptors that leak.
bool vanished_unknown(const Run& run, const Scenario& scenario) {
  if (scenario.target.promises.idle_timeout) return false;
  if (std::ranges::all_of(run.rests, &Census::feed_available)) return false;
  return std::ranges::any_of(scenario.behaviours(), [&](const Behaviour* behaviour) {
    return behaviour->end == End::kVanish &&
           !run.header.not_applicable.contains(std::string(behaviour->name));
  });
}

// Those who are owed a response after their end of input, where the target does not promise one.
std::set<std::string> unpromised_behaviours(const Scenario& scenario) {
  std::set<std::string> names;
  if (scenario.target.promises.half_close_answers.value_or(false)) return names;
  for (const Behaviour* behaviour : scenario.behaviours()) {
    const bool after_end =
        behaviour->owed == Owed::kResponseAfterEnd || behaviour->owed == Owed::kGreeting;
    if (after_end) names.emplace(behaviour->name);
  }
  return names;
}

// Whether the target promises to keep such a connection for all its requests and pauses. Without an
// idle_timeout it has promised no more than a moment.
bool is_kept(const ClientMix& mix, const Promises& promises) {
  constexpr Nanoseconds kMoment = std::chrono::seconds(1);
  const Params& params = mix.params;
  const bool held = params.every > Nanoseconds(0);
  const auto requests =
      held ? static_cast<std::uint64_t>(params.hold / params.every) + 1 : params.requests;
  const bool bears_pauses =
      promises.idle_timeout ? params.every < *promises.idle_timeout : params.every <= kMoment;
  return promises.max_requests && requests <= *promises.max_requests && bears_pauses;
}

// Those whose connections are kept in whichever phase they come.
std::set<std::string> kept_behaviours(const Scenario& scenario) {
  std::set<std::string> names;
  std::set<std::string> others;
  const auto look_at = [&](const Phase& phase) {
    for (const ClientMix& mix : phase.clients) {
      if (!mix.behaviour->polite || !mix.behaviour->needs.keep_alive) continue;
      (is_kept(mix, scenario.target.promises) ? names : others).emplace(mix.behaviour->name);
    }
  };
  if (scenario.warm_up) look_at(*scenario.warm_up);
  std::ranges::for_each(scenario.cycle, look_at);
  for (const std::string& each : others) names.erase(each);
  return names;
}

// Those of the run that are silent, and for longer than the target promises to bear.
bool any_outstays(const Run& run, const Scenario& scenario, Nanoseconds promised) {
  return std::ranges::any_of(scenario.cycle, [&](const Phase& phase) {
    return std::ranges::any_of(phase.clients, [&](const ClientMix& mix) {
      const bool is_played = !run.header.not_applicable.contains(std::string(mix.behaviour->name));
      return is_played && mix.behaviour->stays_silent && mix.params.hold > latest_end(promised);
    });
  });
}

// Those that may be left out where they cannot happen.
std::set<std::string> optional_behaviours(const Scenario& scenario) {
  std::set<std::string> names;
  for (const Phase& phase : scenario.cycle) {
    for (const ClientMix& mix : phase.clients) {
      if (mix.optional) names.emplace(mix.behaviour->name);
    }
  }
  return names;
}

std::set<std::string> limited_behaviours(const Scenario& scenario) {
  std::set<std::string> names;
  for (const Phase& phase : scenario.cycle) {
    for (const ClientMix& mix : phase.clients) {
      if (mix.at_most) names.emplace(mix.behaviour->name);
    }
  }
  return names;
}

// What is counted beside descriptors, and needs no identity.
constexpr std::array kOtherCounts{Counted::kGhosts, Counted::kThreads, Counted::kProcesses};

void add_not_judged(const Run& run, const Scenario& scenario, EndLine& end) {
  if (run.rests.size() < 2) end.not_judged.emplace_back("leaks: no rest after a storm was reached");
  for (const auto& [name, why] : run.header.not_applicable) {
    end.not_judged.push_back(fmt::format("{}: not applicable, it {}", name, why));
  }
  const auto optional = optional_behaviours(scenario);
  for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
    const std::string& name = run.header.behaviours[i];
    const ClientCounts& counts = run.whole.clients[i].counts;
    if (!optional.contains(name) || !never_happened(counts)) continue;
    end.not_judged.push_back(
        fmt::format("{}: the target ended all {} of them before they had done what they do", name,
                    counts.opened));
  }
  const auto apart = std::ranges::find_if(
      run.played, [](const PlayedPhase& each) { return !each.together_lacks.empty(); });
  if (apart != run.played.end()) {
    end.not_judged.push_back(fmt::format("together in {}: events may have come one by one ({})",
                                         apart->phase, apart->together_lacks));
  }
  const auto& idle_timeout = scenario.target.promises.idle_timeout;
  if (!idle_timeout) {
    end.not_judged.emplace_back("lingering: the target promises no idle_timeout");
  } else if (!any_outstays(run, scenario, *idle_timeout)) {
    end.not_judged.push_back(fmt::format(
        "lingering of silent clients: none was silent for longer than {} (idle: {{hold: {}}})",
        brief_duration(latest_end(*idle_timeout)),
        format_duration(latest_end(*idle_timeout) + std::chrono::seconds(1))));
  }
  if (auto unknown = resets_not_compared(run)) end.not_judged.push_back(std::move(*unknown));
  const auto take = [&end](std::vector<std::string> reasons) {
    std::ranges::move(reasons, std::back_inserter(end.not_judged));
  };
  take(judge_responses(run, unpromised_behaviours(scenario)).not_judged);
  for (const Counted counted : kOtherCounts) {
    const std::string why = leaks_by_count(run.rests, counted).not_judged;
    if (!why.empty()) take({why});
  }
  take(busy_loops(run.rests).not_judged);
  take(memory_growth(run.rests).not_judged);
  take(unbounded_buffers(run).not_judged);
  take(innocents_closed(run, kept_behaviours(scenario)).not_judged);
}

// Whether polite clients alone come as fast as all together do at their fastest.
bool has_control_of_the_same_rate(const Scenario& scenario) {
  constexpr double kSameRate = 0.8;
  double alone =
      scenario.warm_up && scenario.warm_up->is_control() ? peak_of(scenario.warm_up->rate) : 0;
  double together = 0;
  for (const Phase& phase : scenario.cycle) {
    if (phase.kind == PhaseKind::kRest) continue;
    if (phase.rate.unbounded) return false;
    double& highest = phase.is_control() ? alone : together;
    highest = std::max(highest, peak_of(phase.rate));
  }
  return alone >= kSameRate * together;
}

struct ComparedExpectations {
  JudgedExpectations judged;
  Judged harm;  // what of it rude clients do to polite ones
};

ComparedExpectations compare_expectations(const Run& run, const Scenario& scenario) {
  const auto result = result_of(run);
  const auto control = control_result(run);
  const auto of_run = [&](std::string_view path) { return number_at(result, path); };
  const auto of_control = [&](std::string_view path) { return number_at(control, path); };
  ComparedExpectations compared;
  compared.judged = judge_expectations(scenario.expect, of_run, of_control, is_saturated(run));
  const auto holds_alone = [&](const ExpectationResult& broken) {
    const auto alone = of_control(broken.path);
    const auto written = std::ranges::find_if(scenario.expect, [&](const Expectation& each) {
      return each.path == broken.path && each.bound == broken.bound;
    });
    return alone && written != scenario.expect.end() &&
           holds(written->relation, *alone, broken.limit);
  };
  compared.harm =
      bystander_harm(run, compared.judged.results,
                     {.same_rate = has_control_of_the_same_rate(scenario), .holds = holds_alone});
  return compared;
}

// Of a run that was broken off nothing is expected: the clients that were cut with it count as
// failed, and what should have come later is missing.
void add_expectations(const Run& run, const Scenario& scenario, const Circumstances& circumstances,
                      EndLine& end) {
  if (!circumstances.interrupted_by.empty()) {
    if (!scenario.expect.empty()) {
      end.not_judged.push_back("expectations: " + circumstances.interrupted_by);
    }
    return;
  }
  ComparedExpectations compared = compare_expectations(run, scenario);
  end.expectations = std::move(compared.judged.results);
  for (auto* reasons : {&compared.judged.not_judged, &compared.harm.not_judged}) {
    std::ranges::move(*reasons, std::back_inserter(end.not_judged));
  }
}

}  // namespace

void tell_how_to_see_it_again(Finding& finding, const Scenario& scenario,
                              const Circumstances& circumstances, std::string_view culprit) {
  finding.again = shell_command(circumstances.again(settings_to_show(finding, scenario, culprit)));
}

std::vector<Finding> findings_of(const Run& run, const Scenario& scenario, bool finished) {
  std::vector<Finding> findings = leaks_by_identity(run.rests);
  const auto take = [&findings](std::vector<Finding> more) {
    std::ranges::move(more, std::back_inserter(findings));
  };
  const bool identity_throughout = std::ranges::all_of(run.rests, &Census::feed_available);
  const bool counts_tell = fds_were_counted(run) && !vanished_unknown(run, scenario);
  if (counts_tell && (identity_throughout || findings.empty())) {
    take(leaks_by_count(run.rests).findings);
  }
  for (const Counted counted : kOtherCounts) take(leaks_by_count(run.rests, counted).findings);
  take(memory_growth(run.rests).findings);
  take(busy_loops(run.rests).findings);
  take(judge_responses(run, unpromised_behaviours(scenario)).findings);
  take(unbounded_buffers(run).findings);
  take(innocents_closed(run, kept_behaviours(scenario)).findings);
  if (const auto& promised = scenario.target.promises.idle_timeout) {
    take(lingering(run, *promised).findings);
  }
  if (finished) {
    take(compare_expectations(run, scenario).harm.findings);
  }
  if (auto finding = stuck(run)) take({std::move(*finding)});
  std::ranges::stable_sort(findings, {}, &Finding::kind);  // by precedence
  return findings;
}

EndLine judge(const Run& run, const Scenario& scenario, const Circumstances& circumstances) {
  EndLine end{.finished = circumstances.finished};
  end.inconclusive_because =
      shortfalls(run, limited_behaviours(scenario), optional_behaviours(scenario));
  if (!circumstances.interrupted_by.empty()) {
    end.inconclusive_because.push_back(circumstances.interrupted_by);
  }
  if (circumstances.record_lost) {
    end.inconclusive_because.emplace_back("lines of the record could not be written");
  }
  end.not_judged = circumstances.unseen;
  add_not_judged(run, scenario, end);
  if (vanished_unknown(run, scenario)) {
    end.not_judged.emplace_back(
        "leaks by count: clients vanished, destroy events are missing, and the target promises no "
        "idle_timeout");
  } else if (fds_were_counted(run)) {
    const std::string why = leaks_by_count(run.rests).not_judged;
    if (!why.empty()) end.not_judged.push_back(why);
  }
  bool failed = false;
  for (const Finding& finding : run.findings) {
    if (const AcceptedFinding* known = accepted(finding, scenario)) {
      end.not_judged.push_back(fmt::format("{} by {}: accepted, {}", name_of(finding.kind),
                                           finding.behaviour, known->because));
    } else {
      failed = true;
    }
  }
  add_expectations(run, scenario, circumstances, end);
  failed = failed || std::ranges::any_of(end.expectations,
                                         [](const ExpectationResult& each) { return !each.held; });
  end.verdict = failed                              ? Verdict::kFail
                : !end.inconclusive_because.empty() ? Verdict::kInconclusive
                                                    : Verdict::kPass;
  return end;
}

}  // namespace closewait
