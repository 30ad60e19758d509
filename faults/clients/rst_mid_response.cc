#include "faults/clients/clients.h"

namespace closewait {

Behaviour::Coroutine rst_mid_response(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = client.push(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive_at_least(exchange, params.bytes)) {
    co_return client.fell_short(error);
  }
  // A response that is over already has no middle.
  if (exchange.complete()) co_return client.fell_short({});
  co_return client.reset();
}

}  // namespace closewait
