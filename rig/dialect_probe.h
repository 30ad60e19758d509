#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "loadgen/scenario.h"
#include "rig/options.h"

namespace closewait {

// Finds out by some polite requests what an unknown server speaks: redis, memcached or SMTP, by its
// first words; closewait-server's /bytes/N, any other HTTP (then its / is asked for, which has to
// be there unless `any_status`), or echo. Gives the settings that say so. Throws SetupError when
// the server cannot be reached or answers as none of them.
[[nodiscard]] std::vector<Setting> probe_dialect(const SocketAddress& target,
                                                 bool any_status = false);

// Finds the dialect out where nobody has said it: a run without a file. What was found, and the
// seed, are options from then on. Throws UsageError and SetupError.
void find_dialect(RunOptions& options, ChosenScenario& chosen);

}  // namespace closewait
