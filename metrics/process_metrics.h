#pragma once

#include "metrics/families.h"

namespace closewait {

// The process_* families (docs/METRICS.md) of this process, as of now, each series with the labels
// given. What cannot be read, for want of a descriptor say, is absent. Any thread.
[[nodiscard]] MetricFamilies process_families(const MetricLabels& labels = {});

}  // namespace closewait
