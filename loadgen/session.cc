#include "loadgen/session.h"

namespace closewait {
namespace {

// Ports of the table that another program holds, or that are too young in TIME_WAIT.
constexpr int kMostPortsTried = 64;

}  // namespace

std::unique_ptr<TlsClientContext> tls_of(const TargetSpec& spec) {
  return spec.tls ? std::make_unique<TlsClientContext>(*spec.tls) : nullptr;
}

Session::Session(const SessionContext& context, const Assignment& assignment, ClientTally& tally)
    : context_(context), assignment_(assignment), tally_(tally) {}

Client::Awaitable<void> Session::run() {
  for (int tried = 0; tried < kMostPortsTried; ++tried) {
    if (!take_slot()) break;
    TargetExchange place;
    Exchange& exchange = place.make(*context_.target_spec, context_.http[target()],
                                    *assignment_.mix->behaviour, assignment_.mix->params);
    // The setup is no variable: it would stay in the frame as long as the client lives.
    Client client(*context_.io, client_setup());
    client_ = &client;
    if (cut_) client.cut();
    const Outcome outcome =
        co_await assignment_.mix->behaviour->run(client, exchange, assignment_.mix->params);
    client_ = nullptr;
    if (conclude(client, outcome, exchange)) co_return;
  }
  ++tally_.counts.rig_errors;
}

void Session::cut() {
  cut_ = true;
  if (client_ != nullptr) client_->cut();
}

std::size_t Session::target() const { return assignment_.number % context_.targets.size(); }

// False: no port is free.
bool Session::take_slot() {
  if (context_.ports == nullptr) return true;
  slot_ = context_.ports->take(context_.worker);
  if (!slot_) return false;
  context_.ports->opening(*slot_, assignment_.number, assignment_.behaviour);
  return true;
}

// Which local address to bind; nothing leaves it to the kernel.
std::optional<SocketAddress> Session::local() const {
  if (slot_) return context_.ports->address_of(*slot_);
  const auto& sources = *context_.sources;
  if (sources.empty()) return {};
  // Each source meets each address.
  return sources[assignment_.number / context_.targets.size() % sources.size()];
}

Client::Setup Session::client_setup() const {
  return {.target = &context_.targets[target()],
          .local = local(),
          .scratch = context_.scratch,
          .tally = &tally_,
          .planned = assignment_.planned,
          .timeout = assignment_.mix->params.timeout,
          .choices = assignment_.choices,
          .end = assignment_.mix->behaviour->end,
          .tls = context_.tls.get()};
}

// False: the port was not to be had, another one may be.
bool Session::conclude(const Client& client, Outcome outcome, const Exchange& exchange) {
  if (slot_ && client.connected()) {
    if (const auto reaped = context_.ports->client_ended(
            *slot_, {.at = client.ended(), .abandoned = client.abandoned()})) {
      tally_.reap.record(reaped->after);
    }
  } else if (slot_) {
    context_.ports->never_opened(*slot_);
  }
  if (const auto error = client.rig_error()) {
    const bool port_taken = error == errno_error(EADDRINUSE) || error == errno_error(EADDRNOTAVAIL);
    if (port_taken && slot_) return false;
    ++tally_.counts.rig_errors;
    return true;
  }
  ++tally_.counts.outcomes[index_of(outcome)];
  const auto promised = context_.target_spec->promises.idle_timeout;
  if (promised && client.silent_for() > latest_end(*promised)) ++tally_.counts.outstayed;
  count_response(client, outcome, exchange);
  return true;
}

// A polite client that had all it asked for but what it has just asked again, was told no goodbye,
// and has not ended its side: nothing that it did ended it.
bool Session::is_innocent(const Client& client, const Exchange& exchange) const {
  const Behaviour& behaviour = *assignment_.mix->behaviour;
  if (!behaviour.polite || !behaviour.needs.keep_alive) return false;
  if (exchange.said_goodbye() || client.has_ended_sending()) return false;
  if (!client.is_owed()) return exchange.complete();
  return client.has_asked_again() && exchange.received() == 0;
}

// What became of the response that it was owed. A further request on a connection, and one after a
// goodbye, may go unanswered: how long a target keeps connections is its own affair.
void Session::count_response(const Client& client, Outcome outcome, const Exchange& exchange) {
  if (assignment_.mix->behaviour->owed == Owed::kNothing) return;
  const auto keep = [this](std::optional<ResponseExample>& first, std::uint64_t offset) {
    if (!first) first = {.connection = assignment_.number, .offset = offset};
  };
  if (outcome == Outcome::kCut) return;
  if (exchange.refused()) {
    ++tally_.counts.other_status;
    return;
  }
  if (exchange.wrong_at()) {
    ++tally_.counts.altered;
    return keep(tally_.first_altered, *exchange.wrong_at());
  }
  if (outcome == Outcome::kPreempted && is_innocent(client, exchange)) {
    ++tally_.counts.innocent_closed;
    return keep(tally_.first_innocent, 0);
  }
  const bool may_be_ended = assignment_.mix->behaviour->owed == Owed::kResponseOrEnd;
  if (!client.is_owed() || exchange.said_goodbye() || may_be_ended) return;
  const bool begun = exchange.received() > 0;
  const bool waited_in_vain =
      outcome == Outcome::kTimedOut && client.starved() && client.unsent(exchange) == 0;
  if (outcome == Outcome::kPreempted && begun) {
    ++tally_.counts.truncated;
  } else if (waited_in_vain || (outcome == Outcome::kPreempted && !client.has_asked_again())) {
    ++tally_.counts.unanswered;
  } else {
    return;
  }
  keep(tally_.first_lost, exchange.received());
}

}  // namespace closewait
