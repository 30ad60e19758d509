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

// The ports that clients may take: net.ipv4.ip_local_port_range, which servers keep out of, but
// those of ip_local_reserved_ports.
[[nodiscard]] PortTable::Range local_port_range();

// "8080,9148-9150", as the kernel writes a list of ports; what cannot be read is left out.
[[nodiscard]] std::vector<std::uint16_t> parse_port_list(std::string_view text);

}  // namespace closewait
