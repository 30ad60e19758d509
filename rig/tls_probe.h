#pragma once

#include <vector>

#include "base/address.h"
#include "faults/tls_client_context.h"

namespace closewait {

// Shakes hands with the target once at each address, politely, before any load: what keeps every
// client from being served is said in words, with what to do, instead of being counted. Throws
// SetupError.
void probe_tls(const TlsSpec& spec, const std::vector<SocketAddress>& targets);

}  // namespace closewait
