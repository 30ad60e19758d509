#pragma once

#include <span>
#include <string>
#include <vector>

#include "loadgen/scenario.h"

namespace closewait {

// A scenario's text with the settings put into it: what a run with them plays, as a file of its
// own, without its `target.start` if the target is one that runs already. Comments are lost,
// environment variables stay variables. Throws UsageError as parse_scenario() does.
[[nodiscard]] std::string text_with(const std::string& text, const std::string& file,
                                    const std::vector<Setting>& settings,
                                    bool runs_already = false);

// A mix as a scenario has it: "{polite: 60, slow-read: {weight: 5, size: 1MiB}}", with the
// parameters that are not the defaults.
[[nodiscard]] std::string clients_yaml(std::span<const ClientMix> clients);

}  // namespace closewait
