#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine half_close_idle(Client& client, Exchange&, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  client.shut_down_sending();
  if (client.has_ended_sending()) client.has_happened();
  if (auto error = co_await client.stay(params.hold)) co_return client.fell_short(error);
  co_return client.close();
}

constexpr std::array kHalfCloseIdleParameters{hold_of("5s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kHalfCloseIdle{
    .name = "half-close-idle",
    .story =
        "Connects, shuts down sending at once and holds the connection: it can never ask for "
        "anything.",
    .sees = "IN RDHUP and a read of 0, with no data before",
    .brings_out = "the classic leak of CLOSE_WAIT",
    .parameters = kHalfCloseIdleParameters,
    .needs = {},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = half_close_idle};

}  // namespace closewait
