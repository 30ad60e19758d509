#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine rst_unread(Client& client, Exchange& exchange, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  if (auto error = client.push(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.wait_for_input()) co_return client.fell_short(error);
  co_return client.close_unread();
}

constexpr std::array kRstUnreadParameters{size_of("1KiB"), timeout_of("10s")};

}  // namespace

constinit const Behaviour kRstUnread{
    .name = "rst-unread",
    .story =
        "Asks, waits until the response is there, and closes without reading it: the kernel "
        "resets by itself. The careless client that everybody has.",
    .sees = "a write gives ECONNRESET, or EPIPE",
    .brings_out = "what a reset in mid-response brings out, from a client that never meant one",
    .parameters = kRstUnreadParameters,
    .needs = {.tcp = true},
    .owed = Owed::kNothing,
    .end = End::kUnread,
    .polite = false,
    .run = rst_unread};

}  // namespace closewait
