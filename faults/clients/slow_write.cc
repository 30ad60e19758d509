#include <algorithm>

#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine slow_write(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  while (client.unsent(exchange) > 0) {
    if (auto error =
            co_await client.send_part(exchange, std::max<std::uint64_t>(1, params.bytes))) {
      co_return client.fell_short(error);
    }
    // A target that has seen enough of it may end it from here on.
    if (auto error = co_await client.stay(params.every, exchange)) {
      co_return client.fell_short(error);
    }
    client.has_happened();
  }
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kSlowWriteParameters{
    size_of("64B"),
    Parameter{"bytes", Kind::kBytes, &Params::bytes, "1B", "of the request at a time"},
    Parameter{"every", Kind::kDuration, &Params::every, "50ms", "between two of them"},
    timeout_of("30s")};

}  // namespace

constinit const Behaviour kSlowWrite{
    .name = "slow-write",
    .story =
        "Sends its request a few bytes at a time: a modem, or somebody who wants all your "
        "connections.",
    .sees = "many tiny reads",
    .brings_out = "a head without a deadline (zaphoyd/websocketpp#789)",
    .parameters = kSlowWriteParameters,
    .needs = {.parts = true},
    .owed = Owed::kResponseOrEnd,
    .end = End::kFin,
    .polite = false,
    .run = slow_write};

}  // namespace closewait
