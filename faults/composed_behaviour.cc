#include "faults/composed_behaviour.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "faults/client.h"
#include "faults/clients/parameters.h"

namespace closewait {
namespace {

using Verb = Step::Verb;

Client::Awaitable<error_code> take_send(const Step& step, Client& client, Exchange& exchange) {
  if (step.bytes == 0 && !step.to_head) co_return co_await client.send(exchange);
  if (const auto error = co_await client.log_in(exchange)) co_return error;
  const std::uint64_t bytes = step.to_head ? exchange.head_bytes() : step.bytes;
  // What is to be a part has something left.
  if (bytes == 0 || client.unsent(exchange) <= bytes) co_return errno_error(ENODATA);
  co_return co_await client.send_part(exchange, bytes);
}

Client::Awaitable<error_code> take_receive(const Step& step, Client& client, Exchange& exchange) {
  if (step.bytes == 0) co_return co_await client.receive(exchange);
  const std::uint64_t in_all = exchange.received() + step.bytes;
  if (const auto error = co_await client.receive_at_least(exchange, in_all)) co_return error;
  // A response that is over has no such part.
  co_return exchange.complete() ? errno_error(ENODATA) : error_code{};
}

Client::Awaitable<error_code> take(const Step& step, Client& client, Exchange& exchange) {
  switch (step.verb) {
    case Verb::kConnect:
      if (step.bytes > 0) client.receive_buffer(step.bytes);
      co_return co_await client.connect();
    case Verb::kSend:
      co_return co_await take_send(step, client, exchange);
    case Verb::kSendBytes:
      co_return co_await client.send_bytes(std::as_bytes(std::span(step.data)));
    case Verb::kSendUrgent:
      co_return client.send_urgent(std::byte{'!'});
    case Verb::kReceive:
      co_return co_await take_receive(step, client, exchange);
    case Verb::kWait:
      co_return co_await client.pause(step.duration);
    case Verb::kStay:
      co_return co_await client.stay(step.duration, exchange);
    case Verb::kWaitForInput:
      co_return co_await client.wait_for_input();
    case Verb::kAskAgain:
      client.ask_again(exchange);
      co_return error_code{};
    case Verb::kShutDownSending:
      client.shut_down_sending();
      co_return error_code{};
    case Verb::kShutDownReceiving:
      co_return client.shut_down_receiving();
    case Verb::kDrain:
      co_return co_await client.drain(exchange);
    default:
      co_return error_code{};  // an end
  }
}

Outcome end(const Step& step, Client& client, const Exchange& exchange, bool owed) {
  switch (step.verb) {
    case Verb::kCloseUnread:
      return client.close_unread();
    case Verb::kReset:
      return client.reset();
    case Verb::kDisconnect:
      return client.disconnect();
    case Verb::kVanish:
      return client.vanish();
    default:
      return owed ? client.close(exchange) : client.close();
  }
}

bool is_whole_receive(const Step& step) { return step.verb == Verb::kReceive && step.bytes == 0; }

// All is done but to stay and to end: from then on it is the target's right to end it.
bool only_stays(const Step& step, const Step& next) {
  return step.verb == Verb::kStay && next.is_end() && step.duration >= Client::kShortestSilence;
}

Client::Awaitable<error_code> stay_at_last(const Step& step, Client& client, Exchange& exchange) {
  Nanoseconds left = step.duration;
  if (!client.has_ended_sending()) {
    if (const auto error = co_await client.stay(Client::kShortestSilence, exchange))
      co_return error;
    left -= Client::kShortestSilence;
  }
  client.has_happened();
  const auto error = co_await client.stay(left, exchange);
  // The target has ended its side; the client's own end is still to come.
  co_return error == boost::asio::error::eof ? error_code{} : error;
}

Behaviour::Coroutine play_steps(Client& client, Exchange& exchange, const Params& params) {
  const auto steps = params.steps;
  for (std::size_t i = 0; !steps[i].is_end(); ++i) {
    const auto error = only_stays(steps[i], steps[i + 1])
                           ? co_await stay_at_last(steps[i], client, exchange)
                           : co_await take(steps[i], client, exchange);
    if (error) co_return client.fell_short(error);
  }
  const bool owed = std::ranges::any_of(steps, is_whole_receive);
  const bool by_fin = steps.back().verb == Verb::kClose;
  if (owed && !by_fin && exchange.wrong_at()) co_return client.fell_short(errno_error(EBADMSG));
  co_return end(steps.back(), client, exchange, owed);
}

End end_of(Verb last) {
  switch (last) {
    case Verb::kCloseUnread:
      return End::kUnread;
    case Verb::kReset:
    case Verb::kDisconnect:
      return End::kRst;
    case Verb::kVanish:
      return End::kVanish;
    default:
      return End::kFin;
  }
}

bool has(const std::vector<Step>& steps, Verb verb) {
  return std::ranges::count(steps, verb, &Step::verb) > 0;
}

Needs needs_of(const std::vector<Step>& steps) {
  Needs needs{.keep_alive = has(steps, Verb::kAskAgain),
              .tcp = end_of(steps.back().verb) != End::kFin || has(steps, Verb::kSendUrgent),
              .net_admin = has(steps, Verb::kVanish)};
  // Any target gives some bytes.
  constexpr std::uint64_t kLarge = 1024;
  const std::uint64_t part = received_in_part(steps);
  if (part >= kLarge) needs.response_bytes = part + 1;
  for (const Step& step : steps) {
    needs.parts = needs.parts || (step.verb == Verb::kSend && step.bytes > 0);
    needs.body = needs.body || step.to_head;
  }
  return needs;
}

Owed owed_to(const std::vector<Step>& steps) {
  const auto received = std::ranges::find_if(steps, is_whole_receive);
  if (received == steps.end()) return Owed::kNothing;
  if (has(steps, Verb::kAskAgain)) return Owed::kEveryResponse;
  const auto ended = std::ranges::find(steps, Verb::kShutDownSending, &Step::verb);
  return ended < received ? Owed::kResponseAfterEnd : Owed::kResponse;
}

}  // namespace

Nanoseconds waits_of(std::span<const Step> steps) {
  Nanoseconds sum{0};
  for (const Step& step : steps) sum += step.duration;
  return sum;
}

std::uint64_t received_in_part(std::span<const Step> steps) {
  std::uint64_t most = 0;
  std::uint64_t of_this_response = 0;
  for (const Step& step : steps) {
    if (step.verb == Verb::kAskAgain) of_this_response = 0;
    if (step.verb == Verb::kReceive) of_this_response += step.bytes;
    most = std::max(most, of_this_response);
  }
  return most;
}

ComposedBehaviour::ComposedBehaviour(Description description)
    : description_(std::move(description)),
      parameters_{size_of(description_.size), timeout_of(description_.timeout)},
      row_{.name = description_.name,
           .story = description_.story,
           .sees = "",
           .brings_out = "",
           .parameters = parameters_,
           .needs = needs_of(description_.steps),
           .owed = owed_to(description_.steps),
           .end = end_of(description_.steps.back().verb),
           .polite = false,
           .run = play_steps,
           .steps = description_.steps} {}

}  // namespace closewait
