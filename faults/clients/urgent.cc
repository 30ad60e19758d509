#include "faults/clients/clients.h"
#include "faults/clients/cut.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine urgent(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  const std::uint64_t cut = choose_cut(client, exchange, params);
  if (cut == 0) co_return client.fell_short({});
  if (auto error = co_await client.send_part(exchange, cut)) co_return client.fell_short(error);
  if (auto error = client.send_urgent(std::byte{'!'})) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kUrgentParameters{size_of("1KiB"), cut_of(), timeout_of("10s")};

}  // namespace

constinit const Behaviour kUrgent{
    .name = "urgent",
    .story =
        "Sends a byte out of band in the middle of its request: telnet's interrupt. The byte "
        "is in no stream, and the request is seen intact.",
    .sees = "PRI",
    .brings_out = "a spin on EPOLLPRI, a byte that is missing in the stream",
    .parameters = kUrgentParameters,
    .needs = {.tcp = true, .parts = true},
    .owed = Owed::kResponse,
    .end = End::kFin,
    .polite = false,
    .run = urgent};

}  // namespace closewait
