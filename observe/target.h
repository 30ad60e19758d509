#pragma once

#include <sys/types.h>

#include <vector>

#include "base/address.h"
#include "base/error.h"
#include "observe/sock_diag.h"

namespace closewait {

// The processes behind one address or several. A plain value.
struct Target {
  std::vector<pid_t> roots;  // hold the listening socket, and no ancestor of theirs does
  std::vector<pid_t> pids;   // the roots and all their descendants
};

// Who listens at these addresses: a wildcard listener (0.0.0.0, ::) and a shared one count. Errors:
// ObserveError::kNoListener when nobody does at one of them; kHolderHidden when no process that can
// be looked into holds it; errc::not_supported for a Unix path.
[[nodiscard]] Result<Target> find_target(SockDiag& diag,
                                         const std::vector<SocketAddress>& addresses);

// Where the process or a descendant listens over TCP, in order of address; empty when it does not
// (yet). ObserveError::kProcessEnded when it has ended.
[[nodiscard]] Result<std::vector<SocketAddress>> listening_addresses(SockDiag& diag, pid_t pid);

// Would a connection to `address` come to `listener`? Not so for another port, another specific
// address, and a wildcard of IPv4 for an address of IPv6.
[[nodiscard]] bool listens_for(const TcpSocket& listener, const SocketAddress& address);

}  // namespace closewait
