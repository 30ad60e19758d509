#pragma once

#include <optional>
#include <string>

#include "record/run.h"

namespace closewait {

// The resets of a run's phases held against the kernel's counters, which are lower bounds: there
// may be more RSTs than the clients', never fewer. Pure.

// What to say when in some phase the kernel sent fewer than clients confirmed; with the numbers.
[[nodiscard]] std::optional<std::string> resets_missing(const Run& run);
// What to say when resets of some phase could not be compared.
[[nodiscard]] std::optional<std::string> resets_not_compared(const Run& run);

}  // namespace closewait
