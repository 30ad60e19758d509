#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine half_close(Client& client, Exchange& exchange, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kHalfCloseParameters{size_of("64KiB"), timeout_of("10s")};

}  // namespace

constinit const Behaviour kHalfClose{
    .name = "half-close",
    .story =
        "Sends a whole request, shuts down sending and receives to the end. End of input is "
        "not end of output: the whole response is owed.",
    .sees = "IN RDHUP and a read of 0; a write is still legal",
    .brings_out =
        "a response that is dropped (envoyproxy/envoy#2067, moby/moby#27539, "
        "caddyserver/caddy#8026)",
    .parameters = kHalfCloseParameters,
    .needs = {},
    .owed = Owed::kResponseAfterEnd,
    .end = End::kFin,
    .polite = false,
    .run = half_close};

}  // namespace closewait
