#pragma once

#include <sys/types.h>

#include <span>

#include "metrics/families.h"

namespace closewait {

// The process_* families (docs/METRICS.md) of this process, as of now, each series with the labels
// given. What cannot be read, for want of a descriptor say, is absent. Any thread.
[[nodiscard]] MetricFamilies process_families(const MetricLabels& labels = {});

// The same summed over this process and its children, which run as the same user; but the start
// time is this one's. What a child cannot tell, because it has ended say, is no part of the sum,
// save the CPU time of all that were waited for, since a counter must not fall. Any thread.
[[nodiscard]] MetricFamilies process_families_with(std::span<const pid_t> children);

}  // namespace closewait
