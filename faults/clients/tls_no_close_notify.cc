#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine tls_no_close_notify(Client& client, Exchange& exchange, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.shut_down_sending(Farewell::kNone);
  client.has_happened();  // some say an alert to that, and close
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kTlsNoCloseNotifyParameters{size_of("1KiB"), timeout_of("10s")};

}  // namespace

constinit const Behaviour kTlsNoCloseNotify{
    .name = "tls-no-close-notify",
    .story =
        "Has a whole exchange over TLS and ends by a bare FIN, without saying close_notify: "
        "half of the clients there are.",
    .sees = "an end of input that TLS was not told of",
    .brings_out = "a server that takes it for an error and leaves something behind",
    .parameters = kTlsNoCloseNotifyParameters,
    .needs = {.tls = true},
    .owed = Owed::kResponse,
    .end = End::kFin,
    .polite = false,
    .run = tls_no_close_notify};

}  // namespace closewait
