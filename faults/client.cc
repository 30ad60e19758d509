#include "faults/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "faults/tls_client_context.h"
#include "faults/tls_layer.h"

namespace closewait {
namespace {

namespace asio = boost::asio;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// Less than any pair of socket buffers holds.
constexpr std::uint64_t kUnansweredWindow = 64 * 1024;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// Errors of connect() and bind() that say nothing about the target.
bool is_rigs_own(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EADDRNOTAVAIL || error == EADDRINUSE || error == EPERM || error == EACCES;
}

}  // namespace

Client::Client(asio::io_context& io, const Setup& setup)
    : target_(setup.target),
      scratch_(setup.scratch),
      tally_(setup.tally),
      timeout_(setup.timeout),
      due_(setup.planned),
      started_(Clock::now()),
      ended_(started_),
      random_(setup.choices),
      timer_(io),
      watch_(io, timer_),
      end_(setup.end) {
  rig_error_ = open(setup.local);
  if (rig_error_ || setup.tls == nullptr) return;
  tls_ = setup.tls->layer(fd_.get(), *target_);
  if (!tls_) rig_error_ = errno_error(ENOMEM);
}

Client::~Client() { abandon(); }

error_code Client::open(const std::optional<SocketAddress>& local) {
  fd_ = UniqueFd(::socket(target_->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return last_error();
  if (end_ == End::kRst) reset_armed_ = arm_reset();
  return local ? bind_to(*local) : error_code{};
}

error_code Client::bind_to(const SocketAddress& local) {
  const int on = 1;
  const int option = local.port() == 0 ? IP_BIND_ADDRESS_NO_PORT : SO_REUSEADDR;
  const int level = local.port() == 0 ? IPPROTO_IP : SOL_SOCKET;
  if (::setsockopt(fd_.get(), level, option, &on, sizeof(on)) != 0) return last_error();
  if (::bind(fd_.get(), local.data(), local.size()) != 0) return last_error();
  return {};
}

Client::Awaitable<error_code> Client::connect() {
  if (rig_error_) co_return rig_error_;
  if (receive_buffer_ != 0) {
    const int bytes = static_cast<int>(receive_buffer_);
    if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) != 0) {
      co_return rig_error_ = last_error();
    }
  }
  // On loopback the handshake is over when connect() comes back with EINPROGRESS: the socket's
  // state tells, and saves the reactor.
  bool pending = ::connect(fd_.get(), target_->data(), target_->size()) != 0;
  if (pending && errno != EINPROGRESS) {
    // A Unix socket whose backlog is full gives EAGAIN: the target does not take the connection.
    const auto error = last_error();
    if (is_rigs_own(error.value())) rig_error_ = error;
    co_return error;
  }
  while (pending) {
    const std::uint8_t state = kernel_state();
    pending = state == TCP_SYN_SENT;
    if (state == TCP_CLOSE) co_return pending_error();
    if (!pending) break;
    if (const auto error = co_await wait(Direction::kWrite)) co_return error;
  }
  seen_alive_ = true;
  connected_ = true;
  ++tally_->counts.opened;
  if (tls_) {
    if (const auto error = co_await shake_hands()) co_return error;
  }
  tally_->connect.record(Clock::now() - started_);
  co_return error_code{};
}

Client::Awaitable<error_code> Client::shake_hands() {
  seen_alive_ = false;
  while (true) {
    const auto error = tls_->shake_hands();
    if (!would_block(error.value())) co_return error;
    if (const auto stopped = co_await wait(Direction::kRead)) co_return stopped;
  }
}

Result<std::size_t> Client::write_some(std::span<const std::byte> data) {
  if (tls_) return tls_->send(data);
  const auto sent = ::send(fd(), data.data(), data.size(), MSG_NOSIGNAL);
  if (sent < 0) return last_error();
  return static_cast<std::size_t>(sent);
}

// 0 at the end of input.
Result<std::size_t> Client::read_some(std::span<std::byte> buffer) {
  if (tls_) return tls_->receive(buffer);
  const auto got = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (got < 0) return last_error();
  return static_cast<std::size_t>(got);
}

// Why a connection that was being made is none: SO_ERROR, or a reset right after the handshake.
error_code Client::pending_error() {
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
  return errno_error(error != 0 ? error : ECONNRESET);
}

error_code Client::push(Exchange& exchange) {
  asked_ = true;
  seen_alive_ = false;
  for (auto rest = exchange.request(sent_of_request_); !rest.empty();
       rest = exchange.request(sent_of_request_)) {
    const auto sent = write_some(rest);
    if (!sent) return would_block(sent.error().value()) ? error_code{} : sent.error();
    sent_of_request_ += *sent;
  }
  return {};
}

Client::Awaitable<error_code> Client::send(Exchange& exchange) {
  asked_ = true;
  seen_alive_ = false;
  while (true) {
    auto rest = exchange.request(sent_of_request_);
    if (rest.empty() && !exchange.holds_back()) {
      answer_is_on_its_way_ = !exchange.complete();
      co_return error_code{};
    }
    if (rest.empty() && exchange.wrong_at()) co_return errno_error(EBADMSG);
    const std::uint64_t unanswered =
        sent_of_request_ - std::min(sent_of_request_, exchange.received());
    if (rest.empty() || unanswered >= kUnansweredWindow) {
      const auto received = receive_now(exchange, scratch_.size());
      if (received) continue;
      if (!would_block(received.error().value())) co_return received.error();
      if (const auto error = co_await wait(Direction::kRead)) co_return error;
      continue;
    }
    rest = rest.first(std::min<std::uint64_t>(rest.size(), kUnansweredWindow - unanswered));
    const auto sent = write_some(rest);
    if (sent) {
      sent_of_request_ += *sent;
    } else if (!would_block(sent.error().value())) {
      co_return sent.error();
    } else if (const auto error = co_await wait(Direction::kWrite)) {
      co_return error;
    }
  }
}

// One read into the scratch buffer, fed to the exchange. asio::error::eof at the end of input.
Result<std::size_t> Client::receive_now(Exchange& exchange, std::size_t most) {
  if (input_ended_) return error_code(asio::error::eof);
  seen_alive_ = false;
  const std::size_t wanted = std::min(most, scratch_.size());
  const auto got = read_some(scratch_.first(wanted));
  if (!got) {
    if (would_block(got.error().value())) watch_.has_read_all();
    return got.error();
  }
  if (*got < wanted) watch_.has_read_all();
  if (*got == 0) {
    input_ended_ = true;
    exchange.end_of_input();
    if (exchange.complete() && asked_) response_is_complete();
    return error_code(asio::error::eof);
  }
  exchange.feed(scratch_.first(*got));
  if (exchange.complete() && asked_) response_is_complete();
  return *got;
}

// Else a read is spared, which would find nothing. What TLS has taken in is in no socket.
bool Client::may_have_input() const {
  if (tls_ || input_ended_) return true;
  return watch_.registered() ? watch_.may_read() : !answer_is_on_its_way_;
}

Client::Awaitable<error_code> Client::receive(Exchange& exchange) {
  while (!exchange.complete()) {
    if (exchange.wrong_at()) co_return errno_error(EBADMSG);
    if (!may_have_input()) {
      if (const auto error = co_await wait(Direction::kRead)) co_return error;
    }
    const auto received = receive_now(exchange, scratch_.size());
    if (received) continue;
    if (exchange.complete()) break;  // the end of input was the end of the response
    if (!would_block(received.error().value())) co_return received.error();
    if (const auto error = co_await wait(Direction::kRead)) co_return error;
  }
  co_return error_code{};
}

Client::Awaitable<error_code> Client::receive_at_least(Exchange& exchange, std::uint64_t bytes) {
  while (exchange.received() < bytes && !exchange.complete()) {
    const bool held_back = exchange.holds_back();
    // What holds it back is wrong: what was to be received will never be asked for.
    if (held_back && exchange.wrong_at()) co_return errno_error(EPROTO);
    const auto received = receive_now(exchange, bytes - exchange.received());
    if (received && held_back) {
      if (const auto error = push(exchange)) co_return error;
    }
    if (received) continue;
    if (!would_block(received.error().value())) co_return received.error();
    if (const auto error = co_await wait(Direction::kRead)) co_return error;
  }
  co_return error_code{};
}

error_code Client::take(Exchange& exchange, std::uint64_t bytes) {
  while (bytes > 0) {
    const auto received = receive_now(exchange, bytes);
    if (!received) {
      return would_block(received.error().value()) ? error_code{} : received.error();
    }
    bytes -= *received;
  }
  return {};
}

Client::Awaitable<error_code> Client::drain(Exchange& exchange) {
  while (true) {
    if (!may_have_input()) {
      if (const auto error = co_await wait(Direction::kRead)) co_return error;
    }
    const auto received = receive_now(exchange, scratch_.size());
    if (received) continue;
    if (received.error() == asio::error::eof) co_return error_code{};
    if (!would_block(received.error().value())) co_return received.error();
    if (const auto error = co_await wait(Direction::kRead)) co_return error;
  }
}

Client::Awaitable<error_code> Client::pause(Nanoseconds duration) {
  if (const auto error = stop_error()) co_return error;
  if (duration.count() <= 0) co_return error_code{};
  answer_is_on_its_way_ = false;
  co_await wait_until(Clock::now() + duration);
  co_return stop_error();
}

Client::Awaitable<error_code> Client::wait(Direction direction) {
  if (const auto error = stop_error()) co_return error;
  if (tls_ && tls_->wants_room()) direction = Direction::kWrite;
  answer_is_on_its_way_ = false;
  if (const auto error = watch_.begin_wait(fd(), direction)) co_return rig_error_ = error;
  co_await wait_until(Instant::max());
  watch_.end_wait();
  co_return stop_error();
}

// Or until somebody cancels, or the client's deadline has come.
Client::Awaitable<void> Client::wait_until(Instant instant) {
  seen_alive_ = false;
  const Instant deadline = started_ + timeout_;
  timer_.expires_at(std::min(instant, deadline));
  const auto [error] = co_await timer_.async_wait(kAsTuple);
  if (!error && Clock::now() >= deadline) stop(Stop::kDeadline);
}

void Client::stop(Stop why) {
  if (stopped_ == Stop::kNo) stopped_ = why;
  timer_.cancel();
}

void Client::cut() { stop(Stop::kCut); }

error_code Client::stop_error() const {
  switch (stopped_) {
    case Stop::kNo:
      return {};
    case Stop::kDeadline:
      return asio::error::timed_out;
    case Stop::kCut:
      return asio::error::operation_aborted;
  }
  return {};
}

void Client::ask_again(Exchange& exchange) {
  exchange.restart();
  sent_of_request_ = 0;
  due_ = Clock::now();
}

void Client::response_is_complete() {
  asked_ = false;
  tally_->response.record(Clock::now() - due_);
}

std::uint8_t Client::kernel_state() {
  std::uint8_t state = 0;  // the first byte of tcp_info; the kernel copies as much as is asked
  socklen_t size = sizeof(state);
  if (::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &state, &size) != 0) return TCP_CLOSE;
  return state;
}

bool Client::is_alive() {
  if (seen_alive_ || target_->is_unix()) return true;
  const std::uint8_t state = kernel_state();
  return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

bool Client::arm_reset() {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  if (::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)) != 0) return false;
  linger seen{};
  socklen_t size = sizeof(seen);
  return ::getsockopt(fd(), SOL_SOCKET, SO_LINGER, &seen, &size) == 0 && seen.l_onoff != 0 &&
         seen.l_linger == 0;
}

}  // namespace closewait
