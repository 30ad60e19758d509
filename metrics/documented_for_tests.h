#pragma once

#include <string>

#include "metrics/scrape_for_tests.h"

namespace closewait {

// What docs/METRICS.md says in the section with this heading, tables of its subsections included:
// "The rig", "The server", "Both programs".
[[nodiscard]] MetricShapes documented(const std::string& heading);
// The same of a text.
[[nodiscard]] MetricShapes documented_in(const std::string& text, const std::string& heading);

}  // namespace closewait
