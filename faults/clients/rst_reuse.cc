#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine rst_reuse(Client& client, Exchange&, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  co_return client.disconnect();
}

constexpr std::array kRstReuseParameters{timeout_of("10s")};

}  // namespace

constinit const Behaviour kRstReuse{
    .name = "rst-reuse",
    .story =
        "Connects and resets by connect(AF_UNSPEC), which leaves the descriptor to be "
        "connected again: the cheapest reset there is.",
    .sees = "IN OUT RDHUP ERR HUP; a read gives ECONNRESET once, then 0",
    .brings_out = "what rst-after-connect brings out, at the highest rate",
    .parameters = kRstReuseParameters,
    .needs = {.tcp = true},
    .owed = Owed::kNothing,
    .end = End::kRst,
    .polite = false,
    .run = rst_reuse};

}  // namespace closewait
