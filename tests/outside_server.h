#pragma once

#include "base/address.h"

namespace closewait::testing {

// A port of loopback that was free a moment ago, for servers that cannot choose one themselves.
[[nodiscard]] SocketAddress free_address();

// Whether somebody takes a connection there.
[[nodiscard]] bool accepts(const SocketAddress& address);

}  // namespace closewait::testing
