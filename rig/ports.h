#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "loadgen/port_table.h"
#include "loadgen/scenario.h"

namespace closewait {

// The local addresses that the clients bind: the scenario's sources, or the one the kernel would
// choose for the target.
[[nodiscard]] std::vector<SocketAddress> sources_for(const Scenario& scenario,
                                                     const SocketAddress& target);

// The ports that clients may take: net.ipv4.ip_local_port_range, which servers keep out of.
[[nodiscard]] PortTable::Range local_port_range();

}  // namespace closewait
