#include "faults/clients/clients.h"

namespace closewait {

Behaviour::Coroutine half_close(Client& client, Exchange& exchange, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  client.shut_down_sending();
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.drain(exchange)) co_return client.fell_short(error);
  co_return client.close(exchange);
}

}  // namespace closewait
