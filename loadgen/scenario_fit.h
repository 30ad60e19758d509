#pragma once

#include "loadgen/scenario.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

// Behaviours that a target cannot be played are a problem, each where it stands in a mix, unless
// they are optional: those that need a large response of a raw protocol that has no request for
// one, on a Unix socket those that need TCP, and so on (faults/offer.h). So is killing the sockets
// of a Unix socket, and so are local addresses from which there is no way to the target.
void refuse_what_does_not_fit(const YamlNode& root, Scenario& scenario, Problems& problems);

}  // namespace closewait
