#include "faults/clients/clients.h"
#include "faults/clients/cut.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

Behaviour::Coroutine rst_mid_request(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  const std::uint64_t cut = choose_cut(client, exchange, params);
  if (cut == 0) co_return client.fell_short({});
  if (auto error = co_await client.send_part(exchange, cut)) co_return client.fell_short(error);
  if (auto error = co_await client.pause(params.wait)) co_return client.fell_short(error);
  co_return client.reset();
}

constexpr std::array kRstMidRequestParameters{
    size_of("1KiB"), cut_of(),
    Parameter{"wait", Kind::kDuration, &Params::wait, "1ms", "between the part and the reset"},
    timeout_of("10s")};

}  // namespace

constinit const Behaviour kRstMidRequest{
    .name = "rst-mid-request",
    .story = "Sends a part of a request and resets: a phone that loses its network.",
    .sees = "some bytes, then ECONNRESET in mid-parse",
    .brings_out = "state of a request that is never given back (romange/helio#492)",
    .parameters = kRstMidRequestParameters,
    .needs = {.tcp = true, .parts = true},
    .owed = Owed::kNothing,
    .end = End::kRst,
    .polite = false,
    .run = rst_mid_request};

}  // namespace closewait
