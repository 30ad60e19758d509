#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "loadgen/scenario.h"
#include "record/run.h"

namespace closewait {

// What became of one connection that was lost, in milliseconds of its run: when it was planned
// (found anew from the seed and its number), and the rests that saw it since. Nothing when the plan
// has no instant for it.
[[nodiscard]] std::optional<std::string> timeline_of(const Scenario& scenario, const Run& run,
                                                     std::uint64_t number);

// Puts the timeline of the first connection that a leak names into its evidence.
void tell_timeline(const Scenario& scenario, const Run& run, Finding& finding);

}  // namespace closewait
