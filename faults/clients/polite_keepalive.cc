#include "faults/clients/clients.h"

namespace closewait {

Behaviour::Coroutine polite_keepalive(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  for (std::uint64_t asked = 1;; ++asked) {
    if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
    if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
    if (exchange.wrong_at() || asked >= params.requests) break;
    client.ask_again(exchange);
  }
  client.shut_down_sending();
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

}  // namespace closewait
