#pragma once

namespace closewait {

// A network namespace of its own for this process and what it starts from then on, with nothing but
// loopback: no firewall, nobody else's sockets. Call it before there is a thread. Without root it
// takes a user namespace too; throws SetupError where neither is allowed.
void enter_own_network();

}  // namespace closewait
