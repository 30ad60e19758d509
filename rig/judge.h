#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/scenario.h"
#include "record/run.h"

namespace closewait {

// What the judgement needs beside the run itself.
struct Circumstances {
  bool finished = true;             // the plan was run to its end, or to a finding that ends it
  std::string interrupted_by;       // else: what ended it
  bool record_lost = false;         // lines of the record could not be written
  std::vector<std::string> unseen;  // which inputs were missing, and why
  // The words of the command that runs this scenario again, with some settings instead of its own.
  std::function<std::vector<std::string>(const std::vector<Setting>&)> again;
};

// The findings of a run, by precedence (a crash is added by who saw it).
[[nodiscard]] std::vector<Finding> findings_of(const Run& run, const Scenario& scenario,
                                               bool finished);

// Puts the command into a finding.
void tell_how_to_see_it_again(Finding& finding, const Scenario& scenario,
                              const Circumstances& circumstances, std::string_view culprit = {});

// The last line of the record: fail beats inconclusive beats pass. Accepted findings do not count.
[[nodiscard]] EndLine judge(const Run& run, const Scenario& scenario,
                            const Circumstances& circumstances);

}  // namespace closewait
