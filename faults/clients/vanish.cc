#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine vanish(Client& client, Exchange& exchange, const Params&) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.send(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.receive(exchange)) co_return client.fell_short(error);
  if (exchange.wrong_at()) co_return client.fell_short(errno_error(EBADMSG));
  co_return client.vanish();
}

constexpr std::array kVanishParameters{size_of("1KiB"), timeout_of("10s")};

}  // namespace

constinit const Behaviour kVanish{
    .name = "vanish",
    .story =
        "Is gone without a word, neither FIN nor reset: a cable that was pulled, a host that "
        "lost power. Needs CAP_NET_ADMIN.",
    .sees = "nothing, until keepalive or a write finds out",
    .brings_out =
        "connections that are open on one side only and never reaped "
        "(nicolasff/webdis#54)",
    .parameters = kVanishParameters,
    .needs = {.tcp = true, .net_admin = true},
    .owed = Owed::kResponse,
    .end = End::kVanish,
    .polite = false,
    .run = vanish};

}  // namespace closewait
