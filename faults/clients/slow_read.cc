#include <algorithm>

#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine slow_read(Client& client, Exchange& exchange, const Params& params) {
  const auto share = static_cast<double>(params.rate) * to_seconds(params.every);
  const std::uint64_t bite = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share));
  client.receive_buffer(kSmallWindow);
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  while (!exchange.complete() && !exchange.wrong_at()) {
    if (auto error = client.push(exchange)) co_return client.fell_short(error);
    if (auto error = client.take(exchange, bite)) co_return client.fell_short(error);
    if (exchange.complete()) break;
    if (auto error = co_await client.pause(params.every)) co_return client.fell_short(error);
  }
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

constexpr std::array kSlowReadParameters{
    size_of("8MiB"),
    Parameter{"rate", Kind::kByteRate, &Params::rate, "4MiB/s", "how fast it reads"},
    Parameter{"every", Kind::kDuration, &Params::every, "10ms", "between two reads"},
    timeout_of("30s")};

}  // namespace

constinit const Behaviour kSlowRead{
    .name = "slow-read",
    .story =
        "Asks for much with a small receive window and reads a little at a time: a phone on a "
        "train. All of it is owed, and the server must not buffer it.",
    .sees = "writes that take a part only, EAGAIN",
    .brings_out = "an output buffer without bound (http-kit/http-kit#180)",
    .parameters = kSlowReadParameters,
    .needs = {.response_bytes = kBulk},
    .owed = Owed::kResponse,
    .end = End::kFin,
    .polite = false,
    .run = slow_read,
    .leaves_unread = true};

}  // namespace closewait
