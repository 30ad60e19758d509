#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/address.h"
#include "faults/offer.h"
#include "loadgen/scenario.h"

namespace closewait {

// What a target offers, found out by a few polite clients: how much it gives in one response, and
// whether it answers twice on a connection. What cannot be found out is taken to be there. Throws
// SetupError when TLS cannot be set up.
[[nodiscard]] Offer offer_of(const TargetSpec& spec, const SocketAddress& address);

// The scenario's behaviours that cannot happen with this target, each with why. Only what they need
// is looked at.
[[nodiscard]] std::map<std::string, std::string> look_ahead(
    const Scenario& scenario, const std::vector<SocketAddress>& targets);

}  // namespace closewait
