#include <algorithm>
#include <string>

#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

// More than any server takes for a head.
constexpr std::size_t kTooMuch = 64 * 1024;

Behaviour::Coroutine oversized(Client& client, Exchange& exchange, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  const std::string claim = client.random().below(2) == 0 ? exchange.huge_claim() : std::string();
  const std::string text = claim.empty() ? exchange.endless_request(params.bytes) : claim;
  const auto bytes = std::as_bytes(std::span(text));
  const std::size_t certain = std::min(bytes.size(), kTooMuch);
  if (auto error = co_await client.send_bytes(bytes.first(certain))) {
    co_return client.fell_short(error);
  }
  client.has_happened();
  if (auto error = co_await client.send_bytes(bytes.subspan(certain))) {
    co_return client.fell_short(error);
  }
  if (auto error = co_await client.stay(params.hold)) co_return client.fell_short(error);
  co_return client.close();
}

constexpr std::array kOversizedParameters{
    Parameter{"bytes", Kind::kBytes, &Params::bytes, "1MiB", "of a head that does not end"},
    hold_of("2s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kOversized{
    .name = "oversized",
    .story =
        "Sends a head that does not end, or says that 4 GiB will follow and sends nothing "
        "more.",
    .sees = "more than its limit allows",
    .brings_out = "a server that allocates before it checks",
    .parameters = kOversizedParameters,
    .needs = {.grammar = true},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = oversized};

}  // namespace closewait
