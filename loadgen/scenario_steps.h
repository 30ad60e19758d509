#pragma once

#include <string_view>
#include <vector>

#include "faults/composed_behaviour.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

// Reads the steps of a composed behaviour, `repeat` unrolled, and says what cannot be: a first step
// that is no connect, sending after the end of it, no end or more than one, waiting beyond
// `timeout`. Empty when there is a problem.
[[nodiscard]] std::vector<Step> read_steps(const YamlNode& steps, Nanoseconds timeout,
                                           Problems& problems);

}  // namespace closewait
