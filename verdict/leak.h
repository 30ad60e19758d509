#pragma once

#include <cstdint>
#include <vector>

#include "record/census.h"
#include "record/finding.h"

namespace closewait {

// Leaks by identity: connections of ours that the last rest still found alive on the target's
// side only, and that at least two rests saw. What the target's descriptors do not bear out (a
// handshake that the target never completed) is taken off; what no descriptor holds is not the
// target's; where the descriptors could not be listed, there are at most as many as their number
// grew. One finding a behaviour: close-wait when most of its sockets are in that state, else
// fd-leak. Pure.
[[nodiscard]] std::vector<Finding> leaks_by_identity(const std::vector<Census>& rests);

// What leaks_by_identity() takes as explained at one rest: connections whose socket a descriptor
// of the target holds.
[[nodiscard]] std::uint64_t held_outstanding(const Census& first, const Census& rest);

// True when some connection of the last rest is outstanding and no behaviour of its kind was
// confirmed by a second look: a further rest would decide.
[[nodiscard]] bool needs_another_look(const std::vector<Census>& rests);

}  // namespace closewait
