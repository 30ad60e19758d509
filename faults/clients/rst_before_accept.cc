#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine rst_before_accept(Client& client, Exchange&, const Params&) {
  if (auto error = co_await client.connect_plainly()) co_return client.fell_short(error);
  co_return client.reset();
}

constexpr std::array kRstBeforeAcceptParameters{timeout_of("10s")};

}  // namespace

constinit const Behaviour kRstBeforeAccept{
    .name = "rst-before-accept",
    .story =
        "Connects and resets at once, while the connection still waits to be accepted: a "
        "scanner, a load balancer that changed its mind.",
    .sees = "accept() gives a descriptor that is dead already; getpeername() ENOTCONN",
    .brings_out =
        "a server that dies on getpeername (denoland/deno#8499), or stops accepting on "
        "an errno of accept",
    .parameters = kRstBeforeAcceptParameters,
    .needs = {.tcp = true},
    .owed = Owed::kNothing,
    .end = End::kRst,
    .polite = false,
    .run = rst_before_accept};

}  // namespace closewait
