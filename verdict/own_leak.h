#pragma once

#include <string>
#include <vector>

#include "record/census.h"

namespace closewait {

// Whether the rig itself leaked, judged from rests as the target is: descriptors that grow in at
// least two steps in proportion to connections, memory that grows steadily with them. One sentence
// each; what it measured of a target while it leaks is not to be relied on. Pure.
[[nodiscard]] std::vector<std::string> own_leaks(const std::vector<Census>& rests);

}  // namespace closewait
