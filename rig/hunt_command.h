#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rig/options.h"

namespace closewait {

// What `closewait hunt` was told.
struct HuntOptions {
  std::string address;
  std::optional<std::uint64_t> open_at_most;  // at once; nothing: what suits the target
  RunOptions run;                             // where the results go, the seed, settings and so on
};

// Looks at a server that runs, writes a scenario that fits it, plays it and gives the verdict. The
// scenario stays in the results. Throws UsageError, and SetupError when nothing can be made of the
// server.
[[nodiscard]] ExitStatus hunt_command(const HuntOptions& options);

}  // namespace closewait
