#include "server/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace closewait {
namespace {

// Written to one peer before the others get their turn.
constexpr std::uint64_t kFairShare = 4 * 1024 * 1024;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

CloseReason reason_of(int error) {
  return error == ECONNRESET || error == EPIPE ? CloseReason::kReset : CloseReason::kError;
}

}  // namespace

Connection::Connection(UniqueFd fd, Watch watch, Seat seat, ConnectionContext& context,
                       TimerHandler& timers)
    : seat_(std::move(seat)),
      fd_(std::move(fd)),
      watch_(std::move(watch)),
      context_(context),
      timer_(context.loop.timers(), timers, watch_.handle().slot),
      deadlines_(context.options.timeouts) {
  state_.limits = &context.options.limits;
}

Connection::Ending Connection::start() {
  // Two ends that only listen would wait for each other (seed "Down the epoll rabbit hole").
  if (service().only_listens) ::shutdown(fd_.get(), SHUT_WR);
  if (service().produce != nullptr) {
    if (const Ending ending = pump()) return ending;
  }
  return settle();
}

Connection::Ending Connection::refuse() {
  constexpr int kServiceUnavailable = 503;
  return goodbye(kServiceUnavailable, CloseReason::kRefused);
}

Connection::Ending Connection::on_ready(std::uint32_t events) {
  if (lingering_) return linger();
  // These do not go away by themselves: each such event has to take input, or end it.
  const bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (wants_input()) {
    if ((events & EPOLLIN) != 0 || gone) {
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
  const bool late = missed == CloseReason::kSlowHead || missed == CloseReason::kSlowBody;
  return late ? goodbye(kRequestTimeout, missed) : missed;
}

// Says why, if the service has words for it, and ends as after any last answer.
Connection::Ending Connection::goodbye(int status, CloseReason reason) {
  because_ = reason;
  if (service().refuse == nullptr) return reason;
  service().refuse(state_, status, output_);
  std::string().swap(pending_);
  if (const Ending ending = pump()) return ending;
  return settle();
}

Connection::Ending Connection::drain() {
  if (lingering_) return {};
  state_.draining = true;
  // What has arrived by now is still served.
  if (wants_input()) {
    if (const Ending ending = receive(false)) return ending;
  }
  if (const Ending ending = pump()) return ending;
  return settle();
}

void Connection::abandon() noexcept {
  if (output_.empty()) return;
  const ::linger discard{.l_onoff = 1, .l_linger = 0};
  // It fails on no stream socket, and the worst would be a slower end.
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &discard, sizeof discard);
}

bool Connection::wants_input() const {
  if (state_.input_ended) return false;
  // Who produces drops its input: reading on tells it of the end.
  if (service().produce != nullptr) return true;
  return !output_.full() && (!state_.last || !state_.body.done());
}

// Reads once: level-triggered epoll tells of the rest, after the others had their turn.
Connection::Ending Connection::receive(bool gone) {
  auto& buffer = context_.input;
  const std::size_t kept = pending_.size();
  std::memcpy(buffer.data(), pending_.data(), kept);
  const ssize_t size = ::recv(fd_.get(), buffer.data() + kept, buffer.size() - kept, 0);
  if (size < 0) {
    if (would_block(errno)) return gone ? Ending(CloseReason::kReset) : Ending();
    return reason_of(errno);
  }
  if (size == 0) {
    state_.input_ended = true;
    return {};
  }
  context_.counters.received_bytes.add(static_cast<std::uint64_t>(size));
  serve({buffer.data(), kept + static_cast<std::size_t>(size)});
  return {};
}

// Hands input to the service and keeps what it does not take, which is less than one buffer.
void Connection::serve(std::string_view input) {
  if (output_.empty()) std::swap(output_, context_.spare);
  const std::size_t used = service().serve(state_, input, output_);
  const std::string_view rest = input.substr(used);
  needs_input_ = !output_.full();
  if (rest.empty() || (state_.last && state_.body.done())) {
    if (!pending_.empty()) std::string().swap(pending_);
  } else {
    pending_.assign(rest);
  }
}

// Writes what is owed, and serves on from what was read before as room is made.
Connection::Ending Connection::pump() {
  for (;;) {
    if (const Ending ending = flush()) return ending;
    if (output_.full() || needs_input_ || pending_.empty()) break;
    const std::string input = std::exchange(pending_, {});
    serve(input);
  }
  // Once, and written by the next event, so that the others get their turn.
  if (service().produce != nullptr && !output_.full() && !state_.last) {
    service().produce(state_, output_);
  }
  return {};
}

Connection::Ending Connection::flush() {
  std::array<iovec, 32> pieces;
  std::uint64_t written = 0;
  while (!output_.empty() && written < kFairShare) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = output_.gather(pieces);
    std::size_t offered = 0;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) offered += pieces[i].iov_len;
    const ssize_t size = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (size < 0) {
      if (would_block(errno)) return {};
      return reason_of(errno);
    }
    wrote_ = true;
    written += static_cast<std::uint64_t>(size);
    context_.counters.sent_bytes.add(static_cast<std::uint64_t>(size));
    output_.consume(static_cast<std::uint64_t>(size));
    if (static_cast<std::size_t>(size) < offered) break;  // the next one would block
  }
  if (output_.empty() && output_.holds_memory()) context_.spare = std::exchange(output_, {});
  return {};
}

// Asks for exactly the events that would get it on, and sets the deadlines by which they must come.
Connection::Ending Connection::settle() {
  if (output_.empty()) {
    // Shut down before closing: a duplicate of the descriptor elsewhere would hold the FIN.
    if (state_.input_ended) {
      ::shutdown(fd_.get(), SHUT_WR);
      return CloseReason::kPeerClosed;
    }
    const bool between_requests = pending_.empty() && state_.body.done();
    if (between_requests && (state_.last || state_.draining)) {
      begin_linger();
      return {};
    }
  }
  const std::uint32_t interest =
      (wants_input() ? EPOLLIN : 0U) | (output_.empty() ? 0U : std::uint32_t{EPOLLOUT});
  if (watch_.set(interest)) return CloseReason::kError;
  set_deadlines();
  return {};
}

void Connection::begin_linger() {
  lingering_ = true;
  ::shutdown(fd_.get(), SHUT_WR);  // fails only when the peer is gone, which epoll tells next
  // Fails only for want of memory; then the deadline ends it.
  (void)watch_.set(EPOLLIN);
  set_deadlines();
}

Connection::Ending Connection::linger() {
  auto& buffer = context_.input;
  const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (size == 0) return CloseReason::kPeerClosed;
  if (size < 0) {
    if (would_block(errno)) return {};
    return reason_of(errno);
  }
  context_.counters.received_bytes.add(static_cast<std::uint64_t>(size));
  drained_ += static_cast<std::uint64_t>(size);
  if (drained_ > context_.options.linger_bytes) return CloseReason::kLimit;
  return {};
}

void Connection::set_deadlines() {
  const Instant now = context_.loop.now();
  deadlines_.expect(expected_input(), state_.steps, state_.body.taken(), now);
  deadlines_.expect_reading(!output_.empty(), std::exchange(wrote_, false), now);
  const Instant next = deadlines_.next();
  if (next == Instant::max()) {
    timer_.cancel();
  } else {
    timer_.expire_at(next);
  }
}

Deadlines::Input Connection::expected_input() const {
  using Input = Deadlines::Input;
  if (lingering_) return Input::kClose;
  if (!wants_input()) return Input::kNothing;
  if (!state_.body.done()) return Input::kBody;
  if (!pending_.empty()) return Input::kHead;
  return output_.empty() ? Input::kRequest : Input::kNothing;
}

}  // namespace closewait
