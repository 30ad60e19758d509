#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "record/run.h"

namespace closewait {

// What makes a run inconclusive: where the rig did not do what the plan asks, or could not see.
// One sentence each, with the figures. `limited` are behaviours with an at_most of their own,
// whose skipped arrivals are as planned. Pure.
// Of those that are `optional`, and that the target never let happen, nothing is said.
[[nodiscard]] std::vector<std::string> shortfalls(const Run& run,
                                                  const std::set<std::string>& limited,
                                                  const std::set<std::string>& optional = {});

// Connections began so late that what depends on load (latency above all) says nothing.
[[nodiscard]] bool is_saturated(const Run& run);
// The same of a part of a run; the bound is in seconds, of the p99.
[[nodiscard]] bool is_saturated(const Histogram& lag, double at_most);

// Each of its clients was ended by the target before it had done what it does.
[[nodiscard]] bool never_happened(const ClientCounts& counts);

}  // namespace closewait
