#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine one_byte(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  while (client.unsent(exchange) > 0) {
    if (auto error = co_await client.send_part(exchange, 1)) co_return client.fell_short(error);
    if (auto error = co_await client.stay(params.every, exchange)) {
      co_return client.fell_short(error);
    }
  }
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kOneByteParameters{
    size_of("64B"), Parameter{"every", Kind::kDuration, &Params::every, "1ms", "between two bytes"},
    timeout_of("10s")};

}  // namespace

constinit const Behaviour kOneByte{
    .name = "one-byte",
    .story = "Sends its request a byte a call, each in a segment of its own.",
    .sees = "a read for each byte",
    .brings_out = "parsers that assume one read, and the CPU that a byte costs",
    .parameters = kOneByteParameters,
    .needs = {.parts = true},
    .owed = Owed::kResponse,
    .end = End::kFin,
    .polite = false,
    .run = one_byte};

}  // namespace closewait
