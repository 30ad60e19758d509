#include "faults/clients/clients.h"
#include "faults/clients/cut.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine split(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  const std::uint64_t cut = choose_cut(client, exchange, params);
  if (cut == 0) co_return client.fell_short({});
  if (auto error = co_await client.send_part(exchange, cut)) co_return client.fell_short(error);
  if (auto error = co_await client.stay(params.wait, exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kSplitParameters{
    size_of("1KiB"), cut_of(),
    Parameter{"wait", Kind::kDuration, &Params::wait, "5ms", "between the two parts"},
    timeout_of("10s")};

}  // namespace

constinit const Behaviour kSplit{
    .name = "split",
    .story =
        "Sends a valid request cut in two, with a moment between: every client far away does "
        "so now and then. The answer is the same wherever the cut is.",
    .sees = "IN twice for one request",
    .brings_out = "parsers that assume one read (19 servers in MDA2AV/HttpArena#1289)",
    .parameters = kSplitParameters,
    .needs = {.parts = true},
    .owed = Owed::kResponse,
    .end = End::kFin,
    .polite = false,
    .run = split};

}  // namespace closewait
