#include <array>
#include <vector>

#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

constexpr std::size_t kLongestGarbage = 4096;

// The begin of a ClientHello of TLS 1.0 and later: a record of handshake, 512 bytes long.
constexpr std::array kBeginOfHello{std::byte{0x16}, std::byte{0x03}, std::byte{0x01},
                                   std::byte{0x02}, std::byte{0x00}, std::byte{0x01},
                                   std::byte{0x00}, std::byte{0x01}, std::byte{0xfc},
                                   std::byte{0x03}, std::byte{0x03}};

std::vector<std::byte> make_garbage(Random& random) {
  const std::uint64_t kind = random.below(3);
  std::vector<std::byte> bytes(1 + random.below(kLongestGarbage));
  if (kind == 0) return bytes;  // NULs
  for (std::byte& each : bytes) each = std::byte(static_cast<unsigned char>(random.below(256)));
  if (kind == 1) bytes.insert(bytes.begin(), kBeginOfHello.begin(), kBeginOfHello.end());
  return bytes;
}

Behaviour::Coroutine garbage(Client& client, Exchange&, const Params& params) {
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  const auto bytes = make_garbage(client.random());
  if (auto error = co_await client.send_bytes(bytes)) co_return client.fell_short(error);
  client.has_happened();
  if (auto error = co_await client.stay(params.hold)) co_return client.fell_short(error);
  co_return client.close();
}

constexpr std::array kGarbageParameters{hold_of("1s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kGarbage{
    .name = "garbage",
    .story = "Sends what is no request: random bytes, NULs, or the hello of TLS to a plain port.",
    .sees = "bytes that cannot be read",
    .brings_out = "an error path that closes with bytes unread and so eats its own answer",
    .parameters = kGarbageParameters,
    .needs = {.grammar = true},
    .owed = Owed::kNothing,
    .end = End::kFin,
    .polite = false,
    .run = garbage};

}  // namespace closewait
