#include "rig/conclusion.h"

#include <fmt/format.h>

#include <utility>

#include "loadgen/scenario_text.h"
#include "report/result.h"
#include "rig/cause.h"
#include "rig/show_again.h"
#include "rig/timeline.h"

namespace closewait {
namespace {

// Files that the scenario names relative to itself, where its copy lies elsewhere.
std::vector<Setting> moved_files(const TargetSpec& target) {
  std::vector<Setting> moved;
  if (!target.protocol_file.empty()) {
    moved.emplace_back("target.protocol.include", "\"" + target.protocol_file + "\"");
  }
  if (target.tls && !target.tls->ca.empty()) {
    moved.emplace_back("target.tls.ca", "\"" + target.tls->ca + "\"");
  }
  return moved;
}

constexpr const char* kNotHalved =
    "which behaviour causes it is not known, and parts of the mix cannot be played to a fresh "
    "target: ";

}  // namespace

Circumstances circumstances_of(const Scenario& scenario, const RunOptions& options,
                               const ResultsFolder& folder) {
  return {.again = [&](std::vector<Setting> instead) {
    for (Setting& each : moved_files(scenario.target)) instead.push_back(std::move(each));
    return again_command(folder.path(), options, scenario.seed, instead);
  }};
}

Conclusion::Conclusion(const Setup& setup) : setup_(setup) {}

void Conclusion::judge(std::vector<Finding> known, Recorder& recorder) {
  const Scenario& scenario = setup_.chosen.scenario;
  const double t = recorder.now();  // what is judged after it takes no time of the run
  const auto append = [&](std::vector<Finding> all) {
    for (Finding& each : all) {
      tell_timeline(scenario, recorder.run(), each);
      tell_how_to_see_it_again(each, scenario, setup_.circumstances);
      recorder.append(FindingLine{.t = t, .finding = std::move(each)});
    }
  };
  append(std::move(known));  // it tells how to judge the rest
  append(findings_of(recorder.run(), scenario, setup_.circumstances.interrupted_by.empty()));
  if (!recorder.run().findings.empty()) setup_.on_finding.run_once();
  name_causes(recorder, t);
  EndLine end = closewait::judge(recorder.run(), scenario, setup_.circumstances);
  end.t = t;
  recorder.append(end);
}

std::string Conclusion::why_not_halved() const {
  const Scenario& scenario = setup_.chosen.scenario;
  if (scenario.target.start.empty()) return "the rig has not started it (target.start)";
  if (setup_.options.keep_target) return "it is to be kept (--keep-target)";
  if (!scenario.halve) return "on_finding.halve is off";
  if (setup_.interrupt.came()) return "the run was interrupted";
  return "";
}

void Conclusion::name_causes(Recorder& recorder, double t) {
  const Scenario& scenario = setup_.chosen.scenario;
  const std::string why_not = why_not_halved();
  CauseSearch search({.scenario = scenario,
                      .run = recorder.run(),
                      .folder = setup_.folder.path(),
                      .interrupt = setup_.interrupt,
                      .end_target = [this] { setup_.target.end(); },
                      .command = setup_.circumstances.again});
  for (std::size_t i = 0; i < recorder.run().findings.size(); ++i) {
    Finding finding = recorder.run().findings[i];
    if (!lacks_its_cause(finding, scenario)) continue;
    if (!why_not.empty()) {
      finding.evidence.push_back(kNotHalved + why_not);
    } else {
      culprits_[i] = search.name(finding);
      tell_how_to_see_it_again(finding, scenario, setup_.circumstances, culprits_[i]);
    }
    recorder.append(FindingLine{.t = t, .finding = std::move(finding), .replaces = i});
  }
}

// The commands, with the scenario that lies beside them, wherever that is by now.
std::string Conclusion::again_script(const Run& run) const {
  const std::string here = std::filesystem::absolute(setup_.folder.path()).string();
  std::string script =
      "#!/bin/sh\n# Shows each finding of this run again.\n"
      "here=$(cd \"$(dirname \"$0\")\" && pwd)\n";
  for (const Finding& finding : run.findings) {
    std::string command = finding.again;
    const auto at = command.find(" " + here + "/scenario.yaml");
    if (at != std::string::npos) command.replace(at + 1, here.size(), "\"$here\"");
    script += command + "\n";
  }
  return script;
}

// A scenario of its own that shows the finding, with nothing else in it.
std::string Conclusion::minimal_text(const Finding& finding) const {
  const Scenario& scenario = setup_.chosen.scenario;
  const auto culprit = culprits_.find(0);
  std::vector<Setting> settings = settings_to_show(
      finding, scenario, culprit == culprits_.end() ? std::string() : culprit->second);
  for (Setting& each : moved_files(scenario.target)) settings.push_back(std::move(each));
  settings.emplace_back("seed", std::to_string(scenario.seed));
  if (setup_.options.pid) {
    settings.emplace_back("target.pid", std::to_string(*setup_.options.pid));
  }
  return fmt::format("# Shows {}{}{}, and nothing else.\n", name_of(finding.kind),
                     finding.behaviour.empty() ? "" : " by ", finding.behaviour) +
         text_with(setup_.chosen.text, "scenario.yaml",
                   with_instead(all_settings(setup_.options), settings),
                   scenario.target.start.empty());
}

void Conclusion::write_files(const Run& run) const {
  setup_.folder.write("result.json", result_of(run).dump(2) + "\n");
  if (run.findings.empty()) return;
  setup_.folder.write_program("again.sh", again_script(run));
  setup_.folder.write("minimal.yaml", minimal_text(run.findings.front()));
}

}  // namespace closewait
