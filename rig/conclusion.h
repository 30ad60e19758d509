#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "rig/finding_command.h"
#include "rig/interrupt.h"
#include "rig/judge.h"
#include "rig/options.h"
#include "rig/recorder.h"
#include "rig/results_folder.h"
#include "rig/target_process.h"

namespace closewait {

// What belongs to a run beside what it saw: how it went, and how to see its findings again. Borrows
// all three.
[[nodiscard]] Circumstances circumstances_of(const Scenario& scenario, const RunOptions& options,
                                             const ResultsFolder& folder);

// What is made of a run that is over: its findings, its verdict, its files. Borrows all of its
// setup.
class Conclusion {
 public:
  struct Setup {
    const ChosenScenario& chosen;
    const RunOptions& options;
    const Circumstances& circumstances;
    const ResultsFolder& folder;
    const Interrupt& interrupt;
    TargetProcess& target;
    FindingCommand& on_finding;
  };

  explicit Conclusion(const Setup& setup);

  // Adds the findings and the last line to the record. `known` are those that need no judgement: a
  // crash. Findings whose behaviour is not known are in the record before it is looked for, which
  // ends the target where the rig started it.
  void judge(std::vector<Finding> known, Recorder& recorder);
  // result.json, and with findings again.sh and minimal.yaml.
  void write_files(const Run& run) const;

 private:
  void name_causes(Recorder& recorder, double t);
  [[nodiscard]] std::string why_not_halved() const;
  [[nodiscard]] std::string again_script(const Run& run) const;
  [[nodiscard]] std::string minimal_text(const Finding& finding) const;

  Setup setup_;
  std::map<std::size_t, std::string> culprits_;  // by the index of the finding, as far as known
};

}  // namespace closewait
