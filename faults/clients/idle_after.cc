#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine idle_after(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  for (std::uint64_t i = 0; i < params.requests; ++i) {
    if (i > 0) client.ask_again(exchange);
    if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
    if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
    if (exchange.wrong_at()) break;
  }
  if (auto error = co_await client.be_silent(params.hold)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kIdleAfterParameters{size_of("1KiB"), requests_of("2"), hold_of("5s"),
                                          timeout_of("30s")};

}  // namespace

constinit const Behaviour kIdleAfter{
    .name = "idle-after",
    .story = "Asks a few times, then says nothing any more: a forgotten connection of a pool.",
    .sees = "no event",
    .brings_out = "kept connections that are never reaped",
    .parameters = kIdleAfterParameters,
    .needs = {.keep_alive = true},
    .owed = Owed::kEveryResponse,
    .end = End::kFin,
    .polite = false,
    .run = idle_after,
    .stays_silent = true};

}  // namespace closewait
