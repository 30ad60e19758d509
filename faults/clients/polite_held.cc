#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

constexpr Nanoseconds kShortestHold = std::chrono::seconds(1);

// Each client stays for a time of its own, so that they are renewed evenly.
Nanoseconds choose_hold(Client& client, const Params& params) {
  if (params.hold <= kShortestHold) return params.hold;
  const auto range = static_cast<std::uint64_t>((params.hold - kShortestHold).count());
  return kShortestHold + Nanoseconds(static_cast<std::int64_t>(client.random().below(range)));
}

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

constexpr std::array kPoliteHeldParameters{
    size_of("1KiB"),
    Parameter{"hold", Kind::kDuration, &Params::hold, "5s",
              "stays for a time of its own between 1 s and this"},
    Parameter{"every", Kind::kDuration, &Params::every, "500ms", "between two requests"},
    timeout_of("30s")};

}  // namespace

constinit const Behaviour kPoliteHeld{
    .name = "polite-held",
    .story =
        "Stays connected and asks again every now and then. Must never be closed nor get "
        "another's bytes: the victim of a double close is one of these.",
    .sees = "IN now and then",
    .brings_out = "double close and reuse of a descriptor, which nothing else shows from outside",
    .parameters = kPoliteHeldParameters,
    .needs = {.keep_alive = true},
    .owed = Owed::kEveryResponse,
    .end = End::kFin,
    .polite = true,
    .run = polite_held};

}  // namespace closewait
