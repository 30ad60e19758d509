#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine polite_keepalive(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  for (std::uint64_t asked = 1;; ++asked) {
    if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
    if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
    if (exchange.wrong_at() || asked >= params.requests) break;
    client.ask_again(exchange);
  }
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kPoliteKeepaliveParameters{size_of("1KiB"), requests_of("10"),
                                                timeout_of("30s")};

}  // namespace

constinit const Behaviour kPoliteKeepalive{
    .name = "polite-keepalive",
    .story =
        "Asks several times on one connection, as soon as it has been answered, and ends as "
        "polite does: a browser, a proxy's pool.",
    .sees = "IN for each request, then IN RDHUP and a read of 0",
    .brings_out = "nothing: what it meets is the harm that others do",
    .parameters = kPoliteKeepaliveParameters,
    .needs = {.keep_alive = true},
    .owed = Owed::kEveryResponse,
    .end = End::kFin,
    .polite = true,
    .run = polite_keepalive};

}  // namespace closewait
