#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine server_first(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = client.push(exchange)) co_return client.fell_short(error);  // nothing to send
  if (auto error = co_await client.wait_for_input()) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.has_happened();
  if (auto error = co_await client.stay(params.hold)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kServerFirstParameters{hold_of("5s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kServerFirst{
    .name = "server-first",
    .story =
        "Sends nothing and receives what the server says by itself, shuts down sending, and "
        "receives the rest, which is still owed.",
    .sees = "OUT, then IN RDHUP while it writes",
    .brings_out =
        "servers that take end of input for \"unable to write\"; two ends that both wait "
        "to read",
    .parameters = kServerFirstParameters,
    .needs = {.greeting = true},
    .owed = Owed::kGreeting,
    .end = End::kFin,
    .polite = false,
    .run = server_first};

}  // namespace closewait
