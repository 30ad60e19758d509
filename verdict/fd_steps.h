#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/census.h"
#include "record/finding.h"

namespace closewait {

// Leaks by count: descriptors that grow from rest to rest in at least two separate steps, in
// proportion to the connections of some behaviours. For what identity cannot name: other kinds of
// descriptors, and every kind where the destroy events are missing. Connections that identity has
// explained are taken off first, when every rest had it. Pure.
struct FdSteps {
  std::vector<Finding> findings;
  std::string not_judged;  // why growth that is there gives no finding; "" when there is none
};
[[nodiscard]] FdSteps leaks_by_count(const std::vector<Census>& rests);

}  // namespace closewait
