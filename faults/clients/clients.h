#pragma once

#include "faults/client.h"

namespace closewait {

// The behaviours, one file each; their rows are in faults/catalogue.cc.
Behaviour::Coroutine polite(Client&, Exchange&, const Params&);
Behaviour::Coroutine polite_keepalive(Client&, Exchange&, const Params&);
Behaviour::Coroutine polite_held(Client&, Exchange&, const Params&);
Behaviour::Coroutine rst_after_connect(Client&, Exchange&, const Params&);
Behaviour::Coroutine rst_mid_response(Client&, Exchange&, const Params&);
Behaviour::Coroutine half_close(Client&, Exchange&, const Params&);
Behaviour::Coroutine slow_read(Client&, Exchange&, const Params&);

}  // namespace closewait
