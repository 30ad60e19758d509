#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine tls_silent(Client& client, Exchange&, const Params& params) {
  if (auto error = co_await client.connect_plainly()) co_return client.fell_short(error);
  if (auto error = co_await client.be_silent(params.hold)) co_return client.fell_short(error);
  co_return client.close();
}

constexpr std::array kTlsSilentParameters{hold_of("5s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kTlsSilent{.name = "tls-silent",
                                     .story = "Connects to a port of TLS and never says hello.",
                                     .sees = "no event",
                                     .brings_out = "a handshake without a deadline",
                                     .parameters = kTlsSilentParameters,
                                     .needs = {.tls = true},
                                     .owed = Owed::kNothing,
                                     .end = End::kFin,
                                     .polite = false,
                                     .run = tls_silent,
                                     .stays_silent = true};

}  // namespace closewait
