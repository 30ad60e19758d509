#include "faults/clients/clients.h"

namespace closewait {

Behaviour::Coroutine rst_after_connect(Client& client, Exchange&, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (params.wait.count() > 0) {
    if (auto error = co_await client.pause(params.wait)) co_return client.fell_short(error);
  }
  co_return client.reset();
}

}  // namespace closewait
