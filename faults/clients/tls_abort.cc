#include <array>

#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

constexpr std::array kStages{HandshakeStage::kHelloBegun, HandshakeStage::kHelloSent,
                             HandshakeStage::kAnswered, HandshakeStage::kDone};

Behaviour::Coroutine tls_abort(Client& client, Exchange&, const Params&) {
  if (auto error = co_await client.connect_plainly()) co_return client.fell_short(error);
  const HandshakeStage stage = kStages[client.random().below(kStages.size())];
  if (auto error = co_await client.shake_hands_until(stage)) co_return client.fell_short(error);
  co_return client.reset();
}

constexpr std::array kTlsAbortParameters{timeout_of("10s")};

}  // namespace

constinit const Behaviour kTlsAbort{
    .name = "tls-abort",
    .story =
        "Resets in the middle of a handshake: in the hello, behind it, when the server has "
        "answered, or when hands are just shaken.",
    .sees = "ECONNRESET at each step of its handshake",
    .brings_out = "memory of a handshake that is never given back",
    .parameters = kTlsAbortParameters,
    .needs = {.tcp = true, .tls = true},
    .owed = Owed::kNothing,
    .end = End::kRst,
    .polite = false,
    .run = tls_abort};

}  // namespace closewait
