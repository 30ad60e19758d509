#pragma once

#include "record/run.h"
#include "verdict/judged.h"

namespace closewait {

// unbounded-buffer: the target keeps in its memory what clients do not read, each of them more than
// HeaderLine::unread grants it, in two storms at least: what a storm alone takes may be a heap that
// finds its size. Pure.
[[nodiscard]] Judged unbounded_buffers(const Run& run);

}  // namespace closewait
