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
#include "faults/would_block.h"

namespace closewait {
namespace {

namespace asio = boost::asio;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

std::string_view family_name(int family) {
  return family == AF_UNIX ? "AF_UNIX" : family == AF_INET6 ? "AF_INET6" : "AF_INET";
}

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
      log_(setup.log),
      timer_(io),
      watch_(io, timer_),
      end_(setup.end) {
  rig_error_ = open(setup.local);
  if (rig_error_ || setup.tls == nullptr) return;
  tls_ = setup.tls->layer(fd_.get(), *target_, log_);
  if (!tls_) rig_error_ = errno_error(ENOMEM);
}

Client::~Client() { abandon(); }

error_code Client::open(const std::optional<SocketAddress>& local) {
  fd_ = UniqueFd(noted(log_, {.name = "socket"}, [&] {
    return ::socket(target_->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }));
  tell(log_, [this] { return std::string(family_name(target_->family())); });
  if (!fd_) return last_error();
  if (end_ == End::kRst) reset_armed_ = arm_reset();
  return local ? bind_to(*local) : error_code{};
}

error_code Client::set_option(int level, int name, int value, std::string_view what) {
  const int result = noted(log_, {.name = "setsockopt", .what = what},
                           [&] { return ::setsockopt(fd(), level, name, &value, sizeof(value)); });
  tell(log_, [&] { return std::to_string(value); });
  return result == 0 ? error_code{} : last_error();
}

// A port in TIME_WAIT takes SO_REUSEADDR, of its last owner and of the next. Who ends by a reset
// leaves none, so it asks for one only where it meets one.
error_code Client::bind_to(const SocketAddress& local) {
  if (local.port() == 0) {
    const auto error =
        set_option(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, "IP_BIND_ADDRESS_NO_PORT");
    return error ? error : bind_socket(local);
  }
  if (end_ == End::kRst) {
    const auto error = bind_socket(local);
    if (error != errno_error(EADDRINUSE)) return error;
  }
  const auto error = set_option(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
  return error ? error : bind_socket(local);
}

error_code Client::bind_socket(const SocketAddress& local) {
  const int result =
      noted(log_, {.name = "bind"}, [&] { return ::bind(fd(), local.data(), local.size()); });
  tell(log_, [&] { return local.to_string(); });
  return result == 0 ? error_code{} : last_error();
}

Client::Awaitable<error_code> Client::connect() {
  if (const auto error = co_await connect_socket()) co_return error;
  if (tls_) {
    if (const auto error = co_await shake_hands()) co_return error;
  }
  tally_->connect.record(Clock::now() - started_);
  co_return error_code{};
}

Client::Awaitable<error_code> Client::connect_plainly() {
  if (const auto error = co_await connect_socket()) co_return error;
  tally_->connect.record(Clock::now() - started_);
  co_return error_code{};
}

Client::Awaitable<error_code> Client::connect_socket() {
  if (rig_error_) co_return rig_error_;
  if (receive_buffer_ != 0) {
    const int bytes = static_cast<int>(receive_buffer_);
    rig_error_ = set_option(SOL_SOCKET, SO_RCVBUF, bytes, "SO_RCVBUF");
    if (rig_error_) co_return rig_error_;
  }
  // On loopback the handshake is over when connect() comes back with EINPROGRESS: the socket's
  // state tells, and saves the reactor.
  bool pending = noted(log_, {.name = "connect"},
                       [this] { return ::connect(fd(), target_->data(), target_->size()); }) != 0;
  tell(log_, [this] { return target_->to_string(); });
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

// In the middle of a handshake nothing is wrong: it waits for the target.
Client::Awaitable<error_code> Client::shake_hands_until(HandshakeStage stage) {
  if (stage == HandshakeStage::kDone) co_return co_await shake_hands();
  seen_alive_ = false;
  const auto error =
      stage == HandshakeStage::kHelloBegun ? tls_->begin_hello() : tls_->shake_hands();
  if (!would_block(error.value())) co_return error;
  if (stage == HandshakeStage::kAnswered) co_return co_await wait_for_input();
  co_return error_code{};
}

// Why a connection that was being made is none: SO_ERROR, or a reset right after the handshake.
error_code Client::pending_error() {
  int error = 0;
  socklen_t size = sizeof(error);
  const int got = noted(log_, {.name = "getsockopt", .what = "SO_ERROR"},
                        [&] { return ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size); });
  if (got != 0) return last_error();
  tell(log_, [error] { return error == 0 ? "0" : describe(errno_error(error)); });
  return errno_error(error != 0 ? error : ECONNRESET);
}

Client::Awaitable<error_code> Client::pause(Nanoseconds duration) {
  if (const auto error = stop_error()) co_return error;
  if (duration.count() <= 0) co_return error_code{};
  answer_is_on_its_way_ = false;
  const Instant began = Clock::now();
  set_timer(began + duration);
  const auto [ended] = co_await timer_.async_wait(kAsTuple);
  heed_deadline(ended);
  if (log_ != nullptr) log_->add_pause(began, Clock::now());
  co_return stop_error();
}

Client::Awaitable<error_code> Client::wait(Direction direction, Instant until) {
  if (const auto error = stop_error()) co_return error;
  if (tls_ && tls_->wants_room()) direction = Direction::kWrite;
  answer_is_on_its_way_ = false;
  if (const auto error = watch_.begin_wait(fd(), direction)) co_return rig_error_ = error;
  const Instant began = Clock::now();
  // Not in a coroutine of its own, which would be the larger part of what a held connection costs.
  set_timer(until);
  const auto [ended] = co_await timer_.async_wait(kAsTuple);
  heed_deadline(ended);
  watch_.end_wait();
  if (stopped_ == Stop::kDeadline) starved_ = Clock::now() - began >= timeout_ / 2;
  if (log_ != nullptr) log_->add_wait(began, Clock::now(), watch_.take_events());
  co_return stop_error();
}

// For that instant, or until the client's deadline has come; whoever cancels it comes first.
void Client::set_timer(Instant instant) {
  seen_alive_ = false;
  timer_.expires_at(std::min(instant, started_ + timeout_));
}

void Client::heed_deadline(error_code ended) {
  if (!ended && Clock::now() >= started_ + timeout_) stop(Stop::kDeadline);
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
  asked_again_ = true;
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
  const int result = noted(log_, {.name = "getsockopt", .what = "TCP_INFO"}, [&] {
    return ::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &state, &size);
  });
  if (result == 0) tell(log_, [state] { return std::string(tcp_state_name(state)); });
  return result == 0 ? state : std::uint8_t{TCP_CLOSE};
}

bool Client::is_alive() {
  if (seen_alive_ || target_->is_unix()) return true;
  const std::uint8_t state = kernel_state();
  const bool half_closed = fin_sent_ && (state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2);
  return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT || half_closed;
}

bool Client::arm_reset() {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  const int set = noted(log_, {.name = "setsockopt", .what = "SO_LINGER"}, [&] {
    return ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  });
  tell(log_, [] { return std::string("on, 0 s"); });
  if (set != 0) return false;
  linger seen{};
  socklen_t size = sizeof(seen);
  const int got = noted(log_, {.name = "getsockopt", .what = "SO_LINGER"},
                        [&] { return ::getsockopt(fd(), SOL_SOCKET, SO_LINGER, &seen, &size); });
  tell(log_, [&] {
    return seen.l_onoff != 0 ? "on, " + std::to_string(seen.l_linger) + " s" : std::string("off");
  });
  return got == 0 && seen.l_onoff != 0 && seen.l_linger == 0;
}

}  // namespace closewait
