#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine rst_after_connect(Client& client, Exchange&, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (params.wait.count() > 0) {
    if (auto error = co_await client.pause(params.wait)) co_return client.fell_short(error);
  }
  co_return client.reset();
}

constexpr std::array kRstAfterConnectParameters{
    Parameter{"wait", Kind::kDuration, &Params::wait, "1ms", "between connect and reset"},
    timeout_of("10s")};

}  // namespace

constinit const Behaviour kRstAfterConnect{
    .name = "rst-after-connect",
    .story =
        "Connects, waits a moment and resets: a port scanner, a health check, a browser's "
        "spare connection.",
    .sees = "IN OUT RDHUP ERR HUP; a read gives ECONNRESET once, then 0",
    .brings_out = "a spin on HUP when nobody reads (scylladb/seastar#1945)",
    .parameters = kRstAfterConnectParameters,
    .needs = {.tcp = true},
    .owed = Owed::kNothing,
    .end = End::kRst,
    .polite = false,
    .run = rst_after_connect};

}  // namespace closewait
