#include "faults/clients/clients.h"
#include "faults/clients/cut.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine half_close_early(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  const std::uint64_t cut = choose_cut(client, exchange, params);
  if (cut == 0) co_return client.fell_short({});
  if (auto error = co_await client.send_part(exchange, cut)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (client.has_ended_sending()) client.has_happened();
  if (auto error = co_await client.stay(params.hold)) co_return client.fell_short(error);
  co_return client.close();
}

constexpr std::array kHalfCloseEarlyParameters{size_of("1KiB"), cut_of(), hold_of("5s"),
                                               timeout_of("30s")};

}  // namespace

constinit const Behaviour kHalfCloseEarly{
    .name = "half-close-early",
    .story =
        "Sends a part of a request, shuts down sending and waits. The server has to give up: "
        "the rest cannot come any more.",
    .sees = "IN RDHUP in mid-parse",
    .brings_out =
        "a server that waits for ever: sockets pile up in CLOSE_WAIT "
        "(haproxy/haproxy#136, nodejs/node#11307)",
    .parameters = kHalfCloseEarlyParameters,
    .needs = {.parts = true},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = half_close_early};

}  // namespace closewait
