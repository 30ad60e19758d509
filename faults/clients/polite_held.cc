#include "faults/clients/clients.h"

namespace closewait {
namespace {

constexpr Nanoseconds kShortestHold = std::chrono::seconds(1);

// Each client stays for a time of its own, so that they are renewed evenly.
Nanoseconds choose_hold(Client& client, const Params& params) {
  if (params.hold <= kShortestHold) return params.hold;
  const auto range = static_cast<std::uint64_t>((params.hold - kShortestHold).count());
  return kShortestHold + Nanoseconds(static_cast<std::int64_t>(client.random().below(range)));
}

}  // namespace

Behaviour::Coroutine polite_held(Client& client, Exchange& exchange, const Params& params) {
  const Instant leaves = Clock::now() + choose_hold(client, params);
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  while (true) {
    if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
    if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
    if (exchange.wrong_at() || Clock::now() + params.every > leaves) break;
    if (auto error = co_await client.pause(params.every)) co_return client.fell_short(error);
    client.ask_again(exchange);
  }
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

}  // namespace closewait
