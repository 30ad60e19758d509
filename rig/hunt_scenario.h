#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "loadgen/scenario.h"

namespace closewait {

// What a hunt knows of its target before it begins.
struct HuntedTarget {
  SocketAddress address;
  std::vector<Setting> speaks;               // "target.dialect" and so on, as they were found
  std::vector<const Behaviour*> behaviours;  // that apply to it
  double polite_per_second = 0;              // served one after another
  std::uint64_t open_at_most = 200;
  std::uint64_t seed = 0;
};

// A scenario that fits the target: all that applies to it in six cycles of some seconds, a minute
// in all, a phase of polite clients alone at the same rate in each; slow clients so few that no
// more than `open_at_most` are open at once. Pure.
[[nodiscard]] std::string hunt_scenario_text(const HuntedTarget& target);

}  // namespace closewait
