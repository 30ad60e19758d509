#pragma once

#include <sys/types.h>

#include <span>

#include "metrics/families.h"
#include "server/counting/totals.h"
#include "server/options.h"

namespace closewait {

// The server's part of docs/METRICS.md, and process_* of this process and of its children, as of
// now. Any thread.
[[nodiscard]] MetricFamilies server_families(const Totals& totals, const Service& service,
                                             std::span<const pid_t> children = {});

}  // namespace closewait
