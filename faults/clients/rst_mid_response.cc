#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

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

constexpr std::array kRstMidResponseParameters{
    size_of("8MiB"),
    Parameter{"bytes", Kind::kBytes, &Params::bytes, "64KiB",
              "bytes of the response to receive before the reset"},
    timeout_of("10s")};

}  // namespace

constinit const Behaviour kRstMidResponse{
    .name = "rst-mid-response",
    .story =
        "Asks for much, receives a part of it and resets: a closed browser tab. The server's "
        "next write meets ECONNRESET or EPIPE.",
    .sees = "a write gives ECONNRESET, or EPIPE",
    .brings_out =
        "SIGPIPE kills the process (yhirose/cpp-httplib#77), use after close "
        "(Corvusoft/restbed#110)",
    .parameters = kRstMidResponseParameters,
    .needs = {.response_bytes = kBulk, .tcp = true},
    .owed = Owed::kNothing,
    .end = End::kRst,
    .polite = false,
    .run = rst_mid_response};

}  // namespace closewait
