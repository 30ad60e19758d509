#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine polite(Client& client, Exchange& exchange, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kPoliteParameters{size_of("1KiB"), timeout_of("10s")};

}  // namespace

constinit const Behaviour kPolite{
    .name = "polite",
    .story =
        "Sends a request, receives the whole response, shuts down sending, reads to the end "
        "and closes. The control.",
    .sees = "IN, then IN RDHUP and a read of 0",
    .brings_out = "nothing: what it meets is the harm that others do",
    .parameters = kPoliteParameters,
    .needs = {},
    .owed = Owed::kResponse,
    .end = End::kFin,
    .polite = true,
    .run = polite};

}  // namespace closewait
