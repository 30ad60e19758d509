#pragma once

#include <sys/types.h>

#include <span>

#include "metrics/families.h"

namespace closewait {

// The process_* families (docs/METRICS.md) of this process, as of now, each series with the labels
// given. What cannot be read, for want of a descriptor say, is absent. With `others`, which run as
// the same user, each family is the sum over this process and them, but for the start time, which
// is this one's. What one of the others cannot tell, because it has ended say, is no part of the
// sum: so even the CPU time falls when one of them is gone. Any thread.
[[nodiscard]] MetricFamilies process_families(const MetricLabels& labels = {},
                                              std::span<const pid_t> others = {});

}  // namespace closewait
