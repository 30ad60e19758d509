#include "server/connections/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace closewait {
namespace {

// Written to one peer before the others get their turn.
constexpr std::uint64_t kFairShare = 1024 * 1024;

// Stands behind what can be read, where reading stops short of it.
constexpr std::uint32_t kBehindInput = EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR;

CloseReason reason_of(int error) {
  switch (error) {
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
      return CloseReason::kReset;
    case EPROTO:
      return CloseReason::kTls;
    default:
      return CloseReason::kError;
  }
}

}  // namespace

Connection::Connection(Stream stream, Watch watch, Seat seat, ConnectionContext& context,
                       TimerHandler& timers)
    : seat_(std::move(seat)),
      stream_(std::move(stream)),
      watch_(std::move(watch)),
      context_(context),
      timer_(context.loop.timers(), timers, watch_.handle().slot),
      idle_(watch_.handle().slot),
      deadlines_(context.options.timeouts) {
  state_.context = &context.service;
}

Connection::Ending Connection::start() { return stream_.is_open() ? begin() : settle(); }

Connection::Ending Connection::begin() {
  if (service().produce != nullptr) {
    if (const Ending ending = pump()) return ending;
  }
  return settle();
}

// The first bytes are TLS' own.
Connection::Ending Connection::shake_hands() {
  const Transfer step = stream_.shake_hands();
  switch (step.then) {
    case Transfer::Then::kGoOn:
      return begin();
    case Transfer::Then::kWait:
      return settle();
    case Transfer::Then::kEnded:
      return CloseReason::kPeerClosed;
    case Transfer::Then::kFailed:
      break;
  }
  if (step.error != EPROTO) return reason_of(step.error);
  because_ = CloseReason::kTls;
  (void)stream_.end_sending();
  begin_linger();  // closing at once would take the alert away
  return {};
}

Connection::Ending Connection::refuse() {
  constexpr int kServiceUnavailable = 503;
  return goodbye(kServiceUnavailable, CloseReason::kRefused);
}

Connection::Ending Connection::on_ready(std::uint32_t events) {
  if (lingering_) return linger(events);
  unfinished_ = (events & kBehindInput) != 0;
  bool readable =
      (events & (EPOLLIN | kBehindInput)) != 0 || stream_.holds_input() || stream_.wants_room();
  if (!stream_.is_open()) {
    const Ending ending = shake_hands();
    if (ending || !stream_.is_open()) return ending;
    readable = true;  // what came behind the handshake was told of with it
  }
  // These do not go away by themselves: each such event has to take input, or end it.
  const bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (wants_input()) {
    if (readable) {
      if (const Ending ending = receive(gone)) return ending;
    }
  } else if (gone) {
    return CloseReason::kReset;  // nothing can reach this peer any more
  }
  if (const Ending ending = pump()) return ending;
  return settle();
}

Connection::Ending Connection::on_expiry() {
  constexpr int kRequestTimeout = 408;
  const CloseReason missed = deadlines_.missed();
  if (missed == CloseReason::kIdle) (void)stream_.end_sending();  // TLS has a word for it
  const bool late = missed == CloseReason::kSlowHead || missed == CloseReason::kSlowBody;
  return late ? goodbye(kRequestTimeout, missed) : missed;
}

Connection::Ending Connection::give_way() {
  (void)stream_.end_sending();  // TLS has a word for it
  return CloseReason::kEvicted;
}

// Says why, if the service has words for it, and ends as after any last answer.
Connection::Ending Connection::goodbye(int status, CloseReason reason) {
  because_ = reason;
  if (service().refuse == nullptr) return reason;
  tell_time();
  service().refuse(state_, status, output_);
  std::string().swap(pending_);
  if (const Ending ending = pump()) return ending;
  return settle();
}

Connection::Ending Connection::drain() {
  if (lingering_) return {};
  state_.draining = true;
  if (!stream_.is_open()) return {};
  // What has arrived by now is still served.
  if (wants_input()) {
    if (const Ending ending = receive(false)) return ending;
  }
  if (const Ending ending = pump()) return ending;
  return settle();
}

void Connection::abandon() noexcept {
  if (!output_.empty()) stream_.abandon();
}

bool Connection::wants_input() const {
  if (state_.input_ended || (goodbye_ && !service().only_listens)) return false;
  // Who produces drops its input: reading on tells it of the end.
  if (service().produce != nullptr) return true;
  return !output_.full() && (!state_.last || !state_.body.done());
}

// Reads once: of the rest it is told again, after the others had their turn.
Connection::Ending Connection::receive(bool gone) {
  auto& buffer = context_.input;
  const std::size_t kept = pending_.size();
  std::memcpy(buffer.data(), pending_.data(), kept);
  const Transfer got = stream_.receive(std::span(buffer).subspan(kept));
  switch (got.then) {
    case Transfer::Then::kFailed:
      return reason_of(got.error);
    case Transfer::Then::kEnded:
      state_.input_ended = true;
      return {};
    case Transfer::Then::kGoOn:
      unfinished_ = true;
      break;
    case Transfer::Then::kWait:
      if (got.size == 0) return gone ? Ending(CloseReason::kReset) : Ending();
      break;
  }
  context_.counters.received_bytes.add(got.size);
  serve({buffer.data(), kept + got.size});
  return {};
}

// Hands input to the service and keeps what it does not take, which is less than one buffer.
void Connection::serve(std::string_view input) {
  if (output_.empty()) std::swap(output_, context_.spare);
  tell_time();
  const std::size_t used = service().serve(state_, input, output_);
  const std::string_view rest = input.substr(used);
  needs_input_ = !output_.full();
  const bool over = state_.last && state_.body.done();
  if (over && !rest.empty()) state_.peer_leaves = false;  // it did not keep its word
  if (rest.empty() || over) {
    if (!pending_.empty()) std::string().swap(pending_);
  } else {
    pending_.assign(rest);
  }
}

void Connection::tell_time() { context_.service.date = context_.date.at(std::time(nullptr)); }

// Writes what is owed, and serves on from what was read before as room is made.
Connection::Ending Connection::pump() {
  std::uint64_t written = 0;
  for (;;) {
    if (const Ending ending = flush(written)) return ending;
    if (written >= kFairShare) {
      unfinished_ = !output_.empty() || can_serve();
      break;
    }
    if (output_.full() || !can_serve()) break;
    const std::string input = std::exchange(pending_, {});
    serve(input);
  }
  // Once, and written by the next event, so that the others get their turn.
  if (service().produce != nullptr && !output_.full() && !state_.last) {
    service().produce(state_, output_);
    unfinished_ = true;
  }
  return {};
}

Connection::Ending Connection::flush(std::uint64_t& written) {
  std::array<iovec, 32> pieces;
  while (!output_.empty() && written < kFairShare) {
    const std::size_t count = output_.gather(pieces);
    const bool last = state_.last && state_.body.done();
    const Transfer sent = stream_.send(std::span(pieces).first(count), last);
    if (sent.then == Transfer::Then::kFailed) return reason_of(sent.error);
    if (sent.size == 0) break;
    wrote_ = true;
    written += sent.size;
    context_.counters.sent_bytes.add(sent.size);
    output_.consume(sent.size);
  }
  if (output_.empty() && output_.holds_memory()) context_.spare = std::exchange(output_, {});
  return {};
}

// Asks for exactly the events that would get it on, and sets the deadlines by which they must come.
Connection::Ending Connection::settle() {
  const bool between_requests = pending_.empty() && state_.body.done();
  // Who has just come has not asked yet, and could not know that it is too late; and what came
  // before that is still served.
  const bool leaves = state_.last || (state_.draining && state_.steps > 0 && !unfinished_);
  const bool over = state_.input_ended || (between_requests && leaves);
  const bool nothing_comes =
      state_.input_ended || (state_.peer_leaves && !unfinished_ && !stream_.peer_confirms_end());
  // Two ends that only listen would wait for each other (seed "Down the epoll rabbit hole").
  goodbye_ = (over || service().only_listens) && output_.empty() && stream_.is_open();
  // Shut down before closing: a duplicate of the descriptor elsewhere would hold the FIN.
  if (goodbye_) {
    const Transfer said = stream_.end_sending();
    if (said.then == Transfer::Then::kFailed) return reason_of(said.error);
    goodbye_ = said.then == Transfer::Then::kWait;
    if (!goodbye_ && over && nothing_comes) return CloseReason::kPeerClosed;
    if (!goodbye_ && over) {
      begin_linger();
      return {};
    }
  }
  const bool reads = wants_input();
  // Whatever it could do without an event it does when there is room, which is mostly at once.
  const bool could_go_on = can_serve() || (reads && stream_.holds_input());
  const bool wants_room = !output_.empty() || goodbye_ || stream_.wants_room() || could_go_on;
  const std::uint32_t interest = EPOLLET | (reads ? kInterest : 0U) | (wants_room ? EPOLLOUT : 0U);
  if (watch_.set(interest, std::exchange(unfinished_, false))) return CloseReason::kError;
  set_deadlines();
  return {};
}

void Connection::begin_linger() {
  lingering_ = true;
  // Fails only for want of memory; then the deadline ends it.
  (void)watch_.set(kInterest, std::exchange(unfinished_, false));
  set_deadlines();
}

Connection::Ending Connection::linger(std::uint32_t events) {
  const Transfer got = stream_.drop(context_.input);
  if (got.then == Transfer::Then::kEnded) return CloseReason::kPeerClosed;
  if (got.then == Transfer::Then::kFailed) return reason_of(got.error);
  context_.counters.received_bytes.add(got.size);
  drained_ += got.size;
  if (drained_ > context_.options.linger_bytes) return CloseReason::kLimit;
  const bool more =
      got.then == Transfer::Then::kGoOn || (got.size > 0 && (events & kBehindInput) != 0);
  if (more) (void)watch_.set(kInterest, true);  // as in begin_linger()
  return {};
}

void Connection::set_deadlines() {
  const Instant now = context_.loop.now();
  deadlines_.expect(expected_input(), state_.steps, state_.body.taken(), now);
  deadlines_.expect_reading(!output_.empty() || goodbye_, std::exchange(wrote_, false), now);
  const Instant next = deadlines_.next();
  if (next == Instant::max()) {
    timer_.cancel();
  } else {
    timer_.expire_at(next);
  }
  if (context_.options.evicts_idle) take_idle_place();
}

// The last among the idle ones, or none.
void Connection::take_idle_place() {
  if (idle_.is_linked()) idle_.unlink();
  if (expected_input() == Deadlines::Input::kRequest) context_.idle.push_back(idle_);
}

Deadlines::Input Connection::expected_input() const {
  using Input = Deadlines::Input;
  if (lingering_) return Input::kClose;
  if (!stream_.is_open()) return Input::kHandshake;
  if (!wants_input()) return Input::kNothing;
  if (!state_.body.done()) return Input::kBody;
  if (!pending_.empty()) return Input::kHead;
  if (!output_.empty()) return Input::kNothing;
  return state_.draining ? Input::kOnlyRequest : Input::kRequest;
}

}  // namespace closewait
