#pragma once

#include "metrics/families.h"
#include "record/run.h"

namespace closewait {

// What is seen of the target from outside, as docs/METRICS.md lists it: the last second's sample
// and the last rest's census. Without a sight of its processes there are no series of them. Pure.
[[nodiscard]] MetricFamilies target_metrics(const Run& run, bool is_seen);

}  // namespace closewait
