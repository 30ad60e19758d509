#pragma once

#include "loadgen/scenario.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

// Reads a scenario from the tree of its text. What is wrong is added to the problems; what comes
// back is only of use when there are none. The seed is left as it is when none is written.
[[nodiscard]] Scenario read_scenario(const YamlNode& root, Problems& problems);

}  // namespace closewait
