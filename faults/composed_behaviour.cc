#include "faults/composed_behaviour.h"

#include <algorithm>
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
  if (const auto error = co_await client.receive_at_least(exchange, step.bytes)) co_return error;
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

Behaviour::Coroutine play_steps(Client& client, Exchange& exchange, const Params& params) {
  const auto steps = params.steps;
  for (std::size_t i = 0; !steps[i].is_end(); ++i) {
    // All is done but to stay and to end: if the target ends it meanwhile, that is its right.
    const bool only_stays = steps[i].verb == Verb::kStay && steps[i + 1].is_end();
    const auto error = only_stays ? co_await client.be_silent(steps[i].duration)
                                  : co_await take(steps[i], client, exchange);
    if (error) co_return client.fell_short(error);
  }
  co_return end(steps.back(), client, exchange, std::ranges::any_of(steps, is_whole_receive));
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
  for (const Step& step : steps) {
    if (step.verb == Verb::kReceive && step.bytes > 0) {
      needs.response_bytes = std::max(needs.response_bytes, step.bytes + 1);
    }
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
