#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine pipeline_flood(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  exchange.pipeline(params.requests);
  if (auto error = client.push(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.pause(params.wait)) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kPipelineFloodParameters{
    size_of("1KiB"), Parameter{"requests", Kind::kCount, &Params::requests, "200", "in a row"},
    Parameter{"wait", Kind::kDuration, &Params::wait, "50ms", "before it reads"},
    timeout_of("10s")};

}  // namespace

constinit const Behaviour kPipelineFlood{
    .name = "pipeline-flood",
    .story =
        "Sends many requests in a row and reads nothing meanwhile, then reads all: as many "
        "answers are owed, in order.",
    .sees = "many requests in one read, writes that give EAGAIN",
    .brings_out = "a queue without bound (aio-libs/aiohttp#1368)",
    .parameters = kPipelineFloodParameters,
    .needs = {.keep_alive = true},
    .owed = Owed::kEveryResponse,
    .end = End::kFin,
    .polite = false,
    .run = pipeline_flood};

}  // namespace closewait
