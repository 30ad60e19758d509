#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "record/run.h"
#include "rig/interrupt.h"
#include "rig/options.h"

namespace closewait {

// A run that is over, with its files written. Borrowed for one call.
struct PlayedRun {
  const Run& run;
  const std::filesystem::path& folder;
};

// Plays a scenario once: starts or finds the target, takes the run through its phases, judges it
// and writes its folder, which is `out` or, when that is empty, as the options say. `told` is
// called at the end, before the metrics linger. Throws UsageError when the run is refused and
// SetupError when there is no target.
Run play(const ChosenScenario& chosen, const RunOptions& options, const std::string& out,
         const Interrupt& interrupt, const std::function<void(const PlayedRun&)>& told);

[[nodiscard]] ExitStatus status_of(const Run& run);

}  // namespace closewait
