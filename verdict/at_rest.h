#pragma once

#include <vector>

#include "record/census.h"
#include "verdict/judged.h"

namespace closewait {

// What the target does at rest, when nobody asks anything of it. Pure.

// busy-loop: CPU time at the last two rests, of a target that took none at the first.
[[nodiscard]] Judged busy_loops(const std::vector<Census>& rests);

// memory-growth: anonymous memory that grows from rest to rest with the connections served, and
// comes to no plateau. It takes six rests, and more than a quarantine of freed memory explains.
[[nodiscard]] Judged memory_growth(const std::vector<Census>& rests);

// True when only the last rest was busy: a further one would decide.
[[nodiscard]] bool busy_needs_another_look(const std::vector<Census>& rests);

}  // namespace closewait
