#pragma once

#include "record/run.h"
#include "verdict/judged.h"

namespace closewait {

// unbounded-buffer: the target keeps in its memory what clients do not read, each of them more than
// HeaderLine::unread grants it, in two storms at least; or in the first alone, and the memory stays
// and is no more than they may have asked for: its allocator kept it. What a storm alone takes else
// may be a heap that finds its size. Pure.
[[nodiscard]] Judged unbounded_buffers(const Run& run);

}  // namespace closewait
