#include <algorithm>

#include "faults/clients/clients.h"

namespace closewait {
namespace {

constexpr std::uint64_t kSmallWindow = 16 * 1024;

}  // namespace

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

}  // namespace closewait
