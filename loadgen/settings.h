#pragma once

#include <string_view>
#include <vector>

#include "loadgen/scenario.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

// Puts each `--set PATH=VALUE` into the tree of a scenario, in order. A key that is not there is
// added, so that an unknown one is told by whoever reads the tree, as of "--set PATH"; a path
// that leads nowhere is a problem.
void apply_settings(YamlNode& root, const std::vector<Setting>& settings, Problems& problems);

}  // namespace closewait
