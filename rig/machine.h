#pragma once

#include "base/address.h"
#include "loadgen/budget.h"

namespace closewait {

// What this machine has for clients of a target, as /proc says. Whether conntrack follows
// loopback's connections is tried out with a few of them to a listener of our own; of other
// targets' it is taken to follow them where it is loaded. Without a target it is taken to be on
// loopback. What cannot be read is not there: 0 bytes of memory, no conntrack.
[[nodiscard]] Machine this_machine(const std::optional<SocketAddress>& target);

}  // namespace closewait
