#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine connect_churn(Client& client, Exchange&, const Params&) {
  if (auto error = co_await client.connect_plainly()) co_return client.fell_short(error);
  co_return client.close();
}

constexpr std::array kConnectChurnParameters{timeout_of("10s")};

}  // namespace

constinit const Behaviour kConnectChurn{
    .name = "connect-churn",
    .story =
        "Connects and closes politely at once, and the next does the same: a health check, at "
        "the highest rate.",
    .sees = "a connection that is over as soon as it is accepted",
    .brings_out = "the path of accept, TIME_WAIT, timers",
    .parameters = kConnectChurnParameters,
    .needs = {},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = connect_churn};

}  // namespace closewait
