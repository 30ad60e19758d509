#pragma once

#include "record/run.h"

namespace closewait::testing {

// A run as the tests of report/ look at it: 2,410 polite clients and 412 that reset after they
// connected, a control phase as warm-up, one storm, two rests, ended with a pass.
[[nodiscard]] Run example_run();

// The same without its last line, as a killed rig leaves it.
[[nodiscard]] Run killed_run();

// The leak of example_run()'s resets, to be added to a run.
[[nodiscard]] Finding example_leak();

}  // namespace closewait::testing
