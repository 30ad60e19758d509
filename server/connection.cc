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

Connection::Connection(UniqueFd fd, Watch watch, ConnectionContext& context, TimerHandler& timers)
    : fd_(std::move(fd)),
      watch_(std::move(watch)),
      context_(context),
      timer_(context.loop.timers(), timers, watch_.handle().slot) {
  state_.max_body = context.options.max_body;
  timer_.expire_at(context.loop.now() + context.options.idle_timeout);
}

Connection::Ending Connection::on_ready(std::uint32_t events) {
  if (waiting_ == Waiting::kForPeerToClose) return linger();
  const bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (wants_input() && ((events & EPOLLIN) != 0 || gone)) {
    if (const Ending ending = receive()) return ending;
  }
  if (const Ending ending = pump()) return ending;
  // Neither goes away by itself, so going on would spin: nothing can reach this peer any more.
  if (gone) return CloseReason::kReset;
  return settle();
}

Connection::Ending Connection::on_expiry() {
  return waiting_ == Waiting::kForRequest ? CloseReason::kIdle : CloseReason::kSlow;
}

Connection::Ending Connection::drain() {
  if (waiting_ == Waiting::kForPeerToClose) return {};
  state_.draining = true;
  // What has arrived by now is still served.
  if (wants_input()) {
    if (const Ending ending = receive()) return ending;
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
  return !input_ended_ && !output_.full() && (!state_.last || state_.body_left > 0);
}

// Reads once: level-triggered epoll tells of the rest, after the others had their turn.
Connection::Ending Connection::receive() {
  auto& buffer = context_.input;
  const std::size_t kept = pending_.size();
  if (kept == buffer.size()) return {};
  std::memcpy(buffer.data(), pending_.data(), kept);
  const ssize_t size = ::recv(fd_.get(), buffer.data() + kept, buffer.size() - kept, 0);
  if (size < 0) {
    if (would_block(errno)) return {};
    return reason_of(errno);
  }
  if (size == 0) {
    input_ended_ = true;
    return {};
  }
  context_.counters.received_bytes.add(static_cast<std::uint64_t>(size));
  serve({buffer.data(), kept + static_cast<std::size_t>(size)});
  return {};
}

// Hands input to the service and keeps what it does not take, which is less than one buffer.
void Connection::serve(std::string_view input) {
  if (output_.empty()) std::swap(output_, context_.spare);
  const std::size_t used = context_.options.service->serve(state_, input, output_);
  const std::string_view rest = input.substr(used);
  needs_input_ = !output_.full();
  if (used > 0) progressed_ = true;
  if (rest.empty() || (state_.last && state_.body_left == 0)) {
    if (!pending_.empty()) std::string().swap(pending_);
  } else {
    pending_.assign(rest);
  }
}

// Writes what is owed, and serves on from what was read before as room is made.
Connection::Ending Connection::pump() {
  for (;;) {
    if (const Ending ending = flush()) return ending;
    if (output_.full() || needs_input_ || pending_.empty()) return {};
    const std::string input = std::exchange(pending_, {});
    serve(input);
  }
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
    progressed_ = true;
    written += static_cast<std::uint64_t>(size);
    context_.counters.sent_bytes.add(static_cast<std::uint64_t>(size));
    output_.consume(static_cast<std::uint64_t>(size));
    if (static_cast<std::size_t>(size) < offered) break;  // the next one would block
  }
  if (output_.empty() && output_.holds_memory()) context_.spare = std::exchange(output_, {});
  return {};
}

// Asks for exactly the events that would get it on, and sets the deadline by which they must come.
Connection::Ending Connection::settle() {
  if (output_.empty()) {
    // Shut down before closing: a duplicate of the descriptor elsewhere would hold the FIN.
    if (input_ended_) {
      ::shutdown(fd_.get(), SHUT_WR);
      return CloseReason::kPeerClosed;
    }
    const bool between_requests = pending_.empty() && state_.body_left == 0;
    if (between_requests && (state_.last || state_.draining)) {
      begin_linger();
      return {};
    }
  }
  const std::uint32_t interest =
      (wants_input() ? EPOLLIN : 0U) | (output_.empty() ? 0U : std::uint32_t{EPOLLOUT});
  if (watch_.set(interest)) return CloseReason::kError;
  if (!output_.empty()) {
    set_deadline(Waiting::kForPeerToRead);
  } else {
    set_deadline(pending_.empty() ? Waiting::kForRequest : Waiting::kForRestOfRequest);
  }
  return {};
}

void Connection::begin_linger() {
  ::shutdown(fd_.get(), SHUT_WR);  // fails only when the peer is gone, which epoll tells next
  // Fails only for want of memory; then the deadline ends it.
  (void)watch_.set(EPOLLIN);
  set_deadline(Waiting::kForPeerToClose);
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

// A deadline stands until something was achieved: a byte now and then does not move it.
void Connection::set_deadline(Waiting waiting) {
  if (waiting == waiting_ && !progressed_) return;
  waiting_ = waiting;
  progressed_ = false;
  const ServerOptions& options = context_.options;
  const Instant now = context_.loop.now();
  switch (waiting) {
    case Waiting::kForRequest:
    case Waiting::kForRestOfRequest:
      return timer_.expire_at(now + options.idle_timeout);
    case Waiting::kForPeerToRead:
      return timer_.expire_at(now + options.write_timeout);
    case Waiting::kForPeerToClose:
      return timer_.expire_at(now + options.linger_timeout);
  }
}

}  // namespace closewait
