#pragma once

#include <optional>
#include <vector>

#include "record/finding.h"
#include "record/run.h"

namespace closewait {

// stuck: the target lives and takes nobody any more. Either connections wait in its listener's
// queue through the last two rests, or of the last storm no polite client was served, after others
// were. Phases with host faults, and runs of a saturated rig, do not say so. Pure.
[[nodiscard]] std::optional<Finding> stuck(const Run& run);

// True when only the last rest had a queue that nobody takes from: a further one would decide.
[[nodiscard]] bool queue_needs_another_look(const std::vector<Census>& rests);

}  // namespace closewait
