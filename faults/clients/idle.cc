#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine idle(Client& client, Exchange&, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.be_silent(params.hold)) co_return client.fell_short(error);
  co_return client.close();
}

constexpr std::array kIdleParameters{hold_of("5s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kIdle{
    .name = "idle",
    .story = "Connects and says nothing: a spare connection, a scanner, a client that hangs.",
    .sees = "no event",
    .brings_out = "a server without a timer for who never asks",
    .parameters = kIdleParameters,
    .needs = {},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = idle,
    .stays_silent = true};

}  // namespace closewait
