#pragma once

#include "base/clock.h"
#include "record/run.h"
#include "verdict/judged.h"

namespace closewait {

// lingering: connections that outlive the idle timeout which the target promises. Of silent clients
// those that it did not end; of those that have ended, as far as their socket's end was seen, the
// ones whose side of the target was destroyed later. One finding a behaviour. Pure.
[[nodiscard]] Judged lingering(const Run& run, Nanoseconds promised);

}  // namespace closewait
