#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine rst_idle_keepalive(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  if (exchange.wrong_at()) co_return client.fell_short(errno_error(EBADMSG));
  if (auto error = co_await client.stay(params.wait)) co_return client.fell_short(error);
  co_return client.reset();
}

constexpr std::array kRstIdleKeepaliveParameters{
    size_of("1KiB"),
    Parameter{"wait", Kind::kDuration, &Params::wait, "500ms", "idle before the reset"},
    timeout_of("10s")};

}  // namespace

constinit const Behaviour kRstIdleKeepalive{
    .name = "rst-idle-keepalive",
    .story = "Has one whole exchange, lies idle and resets: a proxy that was restarted.",
    .sees = "ERR HUP on a descriptor that is parked",
    .brings_out = "stale entries in lists of idle connections, timers and pools",
    .parameters = kRstIdleKeepaliveParameters,
    .needs = {.keep_alive = true, .tcp = true},
    .owed = Owed::kResponse,
    .end = End::kRst,
    .polite = false,
    .run = rst_idle_keepalive};

}  // namespace closewait
