#include "faults/clients/clients.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

constexpr Nanoseconds kFirstMoment = std::chrono::milliseconds(100);

Behaviour::Coroutine never_read(Client& client, Exchange& exchange, const Params& params) {
  client.receive_buffer(kSmallWindow);
  if (auto error = co_await client.connect()) co_return client.fell_short(error);
  if (auto error = co_await client.log_in(exchange)) co_return client.fell_short(error);
  if (auto error = client.push(exchange)) co_return client.fell_short(error);
  if (auto error = co_await client.wait_for_input()) co_return client.fell_short(error);
  if (auto error = co_await client.pause(kFirstMoment)) co_return client.fell_short(error);
  client.has_happened();
  if (auto error = co_await client.pause(params.hold - kFirstMoment)) {
    co_return client.fell_short(error);
  }
  co_return client.close_unread();
}

constexpr std::array kNeverReadParameters{size_of("8MiB"), hold_of("5s"), timeout_of("30s")};

}  // namespace

constinit const Behaviour kNeverRead{
    .name = "never-read",
    .story = "Asks for much with a small receive window and reads nothing of it, then is gone.",
    .sees = "EAGAIN for ever",
    .brings_out = "a server without a deadline for writing (aspnet/KestrelHttpServer#1771)",
    .parameters = kNeverReadParameters,
    .needs = {.response_bytes = kBulk},
    .owed = Owed::kNothing,
    .end = End::kUnread,
    .polite = false,
    .run = never_read,
    .leaves_unread = true};

}  // namespace closewait
