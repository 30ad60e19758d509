#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

constexpr Nanoseconds kTickets = std::chrono::milliseconds(250);

Behaviour::Coroutine fin_then_rst(Client& client, Exchange& exchange, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  // A server of TLS sends tickets when hands are shaken, and unread they made a reset of the FIN.
  if (client.speaks_tls()) {
    if (auto error = co_await client.stay(kTickets)) co_return client.fell_short(error);
  }
  co_return client.close_with_request(exchange);
}

constexpr std::array kFinThenRstParameters{size_of("8MiB"), timeout_of("10s")};

}  // namespace

constinit const Behaviour kFinThenRst{
    .name = "fin-then-rst",
    .story =
        "Asks for much and closes in the same moment, so that request and FIN come together; "
        "what the server then writes is answered by a reset.",
    .sees = "IN RDHUP; a first write is taken, the next gives EPIPE, reads give 0",
    .brings_out = "a flush that is tried for ever on EPIPE",
    .parameters = kFinThenRstParameters,
    .needs = {},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = fin_then_rst};

}  // namespace closewait
