#include <algorithm>

#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine slow_body(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.send_part(exchange, exchange.head_bytes())) {
    co_return client.fell_short(error);
  }
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

constexpr std::array kSlowBodyParameters{
    Parameter{"size", Kind::kBytes, &Params::size, "1KiB",
              "of the body, where the scenario has none"},
    Parameter{"bytes", Kind::kBytes, &Params::bytes, "16B", "of the body at a time"},
    Parameter{"every", Kind::kDuration, &Params::every, "50ms", "between two of them"},
    timeout_of("30s")};

}  // namespace

constinit const Behaviour kSlowBody{
    .name = "slow-body",
    .story = "Sends the head of a request at once and its body a few bytes at a time.",
    .sees = "many tiny reads in the body",
    .brings_out = "a body without a deadline",
    .parameters = kSlowBodyParameters,
    .needs = {.body = true},
    .owed = Owed::kResponseOrEnd,
    .end = End::kFin,
    .polite = false,
    .run = slow_body};

}  // namespace closewait
