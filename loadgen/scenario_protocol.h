#pragma once

#include "loadgen/scenario.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

// Reads what a target of the dialect raw speaks, from the scenario itself or from the file that it
// includes. Every response read without a problem can end and can be right.
void read_protocol(const YamlNode& node, Problems& problems, TargetSpec& target);

}  // namespace closewait
