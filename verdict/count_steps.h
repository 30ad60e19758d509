#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/census.h"
#include "record/finding.h"

namespace closewait {

// What of the target is counted at a rest.
enum class Counted : std::uint8_t { kDescriptors, kGhosts, kThreads, kProcesses };

// Leaks by count: what grows from rest to rest in at least two separate steps, in proportion to the
// connections of some behaviours. Of descriptors for what identity cannot name: other kinds of
// them, and every kind where the destroy events are missing; connections that identity has
// explained are taken off first, when every rest had it. Pure.
struct CountSteps {
  std::vector<Finding> findings;
  std::string not_judged;  // why growth that is there gives no finding; "" when there is none
};
[[nodiscard]] CountSteps leaks_by_count(const std::vector<Census>& rests,
                                        Counted counted = Counted::kDescriptors);

}  // namespace closewait
