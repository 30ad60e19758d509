#include "rig/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <set>

#include "report/result.h"
#include "verdict/at_rest.h"
#include "verdict/count_steps.h"
#include "verdict/expectations.h"
#include "verdict/honesty.h"
#include "verdict/leak.h"
#include "verdict/reset_proof.h"
#include "verdict/responses.h"
#include "verdict/stuck.h"

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

// How many cycles show it: growth takes several rests.
const char* cycles_to_show(const Finding& finding) {
  if (finding.kind == FindingKind::kMemoryGrowth) return "6";
  return is_leak(finding.kind) && finding.confidence == "estimated" ? "3" : "1";
}

// The storms with nothing but the one behaviour; all of it when that is not known. What it
// did not get is judged beside polite clients, who did.
std::vector<Setting> only(const Finding& finding, const Scenario& scenario) {
  const std::string& behaviour = finding.behaviour;
  std::vector<Setting> settings;
  if (behaviour.empty()) return settings;
  const bool compared = !is_leak(finding.kind) && !is_polite(behaviour);
  for (const Phase& phase : scenario.cycle) {
    if (phase.kind == PhaseKind::kRest) continue;
    settings.emplace_back("cycle." + phase.name + ".clients",
                          (compared ? "{polite: 1, " : "{") + behaviour + ": 1}");
  }
  settings.emplace_back("repeat", cycles_to_show(finding));
  return settings;
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
  const auto apart = std::ranges::find_if(
      run.played, [](const PlayedPhase& each) { return !each.together_lacks.empty(); });
  if (apart != run.played.end()) {
    end.not_judged.push_back(fmt::format("together in {}: events may have come one by one ({})",
                                         apart->phase, apart->together_lacks));
  }
  if (!scenario.target.promises.idle_timeout) {
    end.not_judged.emplace_back("lingering: the target promises no idle_timeout");
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
  const auto result = result_of(run);
  const auto control = control_result(run);
  JudgedExpectations judged = judge_expectations(
      scenario.expect, [&](std::string_view path) { return number_at(result, path); },
      [&](std::string_view path) { return number_at(control, path); }, is_saturated(run));
  end.expectations = std::move(judged.results);
  std::ranges::move(judged.not_judged, std::back_inserter(end.not_judged));
}

}  // namespace

std::vector<Finding> findings_of(const Run& run, const Scenario& scenario,
                                 const Circumstances& circumstances) {
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
  if (auto finding = stuck(run)) take({std::move(*finding)});
  std::ranges::stable_sort(findings, {}, &Finding::kind);  // by precedence
  for (Finding& each : findings) each.again = circumstances.again(only(each, scenario));
  return findings;
}

EndLine judge(const Run& run, const Scenario& scenario, const Circumstances& circumstances) {
  EndLine end{.finished = circumstances.finished};
  end.inconclusive_because = shortfalls(run, limited_behaviours(scenario));
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
