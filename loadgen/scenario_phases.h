#pragma once

#include <optional>
#include <string>
#include <vector>

#include "loadgen/known_behaviours.h"
#include "loadgen/scenario.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

// The name by which a phase of the cycle is addressed: what is written, or "storm" or "rest".
[[nodiscard]] std::string phase_name(const YamlNode& phase);

// Reads `warm_up` and `cycle`, and says what is wrong with them. What comes back is only of use
// when no problem was added.
[[nodiscard]] std::optional<Phase> read_warm_up(const YamlNode& root, KnownBehaviours& known,
                                                Problems& problems);
[[nodiscard]] std::vector<Phase> read_cycle(const YamlEntry& cycle, KnownBehaviours& known,
                                            Problems& problems);

}  // namespace closewait
