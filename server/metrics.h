#pragma once

#include "metrics/families.h"
#include "server/options.h"
#include "server/totals.h"

namespace closewait {

// The server's part of docs/METRICS.md, and process_*, as of now. Any thread.
[[nodiscard]] MetricFamilies server_families(const Totals& totals, const Service& service);

}  // namespace closewait
