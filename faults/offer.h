#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults/behaviour.h"

namespace closewait {

// What a target offers to its clients, and the machine to the rig, as far as it is known: plain
// data. What nobody has looked at yet is taken to be there.
struct Offer {
  bool tcp = true;                            // not a Unix socket
  bool tls = false;                           // spoken to the target
  bool grammar = true;                        // requests can be wrong: not so of an echo
  bool body = true;                           // HTTP
  bool greeting = false;                      // the target speaks first
  bool large = true;                          // there is a request for much
  bool net_admin = true;                      // CAP_NET_ADMIN
  bool keep_alive = true;                     // a second request on a connection is answered
  std::uint64_t request_bytes = UINT64_MAX;   // of a usual request
  std::uint64_t response_bytes = UINT64_MAX;  // the most it gave
};

// Whether this process may take a connection away without a word (TCP_REPAIR), found out by trying
// it on a socket of its own.
[[nodiscard]] bool may_vanish();

// Why `behaviour` cannot happen there, as the end of a sentence that begins with its name: "needs a
// response of 8MiB, and the target gave 600B". "" when it can.
[[nodiscard]] std::string obstacle(const Behaviour& behaviour, const Offer& offer);

}  // namespace closewait
