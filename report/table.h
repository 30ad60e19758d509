#pragma once

#include <string>

#include "record/run.h"

namespace closewait {

// What a person reads at the end of a run: a table of behaviours, then the rests, the findings
// with their evidence, the expectations, and as the last line the verdict. Plain text, under 100
// columns; only that last line and a command, which is there to be copied, may be longer.
[[nodiscard]] std::string run_table(const Run& run);

}  // namespace closewait
