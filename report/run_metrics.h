#pragma once

#include <string>
#include <utility>
#include <vector>

#include "metrics/families.h"
#include "record/run.h"

namespace closewait {

// What is known of a run beside its record while it goes on.
struct RunSoFar {
  std::string name;                                       // the `run` label
  std::vector<std::pair<std::string, PhaseKind>> phases;  // that it will have
  bool target_is_seen = false;                            // its processes can be looked at
  // As if the run ended now.
  std::vector<Finding> findings;
  Verdict verdict = Verdict::kPass;
  bool saturated = false;
};

// The rig's metrics as docs/METRICS.md lists them, but process_*: a pure fold of a run and what is
// known beside it. What has not been measured yet has no series.
[[nodiscard]] MetricFamilies run_metrics(const Run& run, const RunSoFar& so_far);

}  // namespace closewait
