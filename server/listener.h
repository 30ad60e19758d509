#pragma once

#include <vector>

#include "base/address.h"
#include "base/unique_fd.h"

namespace closewait {

// A listening socket and where it listens (the port it got, when 0 was asked for).
struct Listener {
  UniqueFd fd;
  SocketAddress address;
};

// One address for `count` loops, a listener each: sockets that share the port (SO_REUSEPORT), or
// duplicates for a Unix path. Throws SetupError, "cannot listen on ...", also when the port is
// another program's that would share it.
[[nodiscard]] std::vector<Listener> open_listeners(const SocketAddress& address, unsigned count);

}  // namespace closewait
