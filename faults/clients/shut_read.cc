#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine shut_read(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = client.shut_down_receiving()) co_return client.fell_short(error);
  if (auto error = co_await client.pause(params.hold)) co_return client.fell_short(error);
  // What had come would make a reset of the end. That it ended already is this client's own doing.
  static_cast<void>(client.take(exchange, SIZE_MAX));
  co_return client.close();
}

constexpr std::array kShutReadParameters{hold_of("2s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kShutRead{
    .name = "shut-read",
    .story =
        "Shuts down receiving and keeps the connection. No packet is sent, so the server can "
        "notice nothing: a control, in which an effect would be an error of the rig.",
    .sees = "nothing",
    .brings_out = "nothing: who reports an effect is wrong",
    .parameters = kShutReadParameters,
    .needs = {},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = shut_read};

}  // namespace closewait
