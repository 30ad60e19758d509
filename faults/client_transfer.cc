#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>

#include "faults/client.h"
#include "faults/tls_layer.h"
#include "faults/would_block.h"

namespace closewait {

// How a client sends and receives.

namespace {

namespace asio = boost::asio;

// Less than any pair of socket buffers holds.
constexpr std::uint64_t kUnansweredWindow = 64 * 1024;

// Of loopback, and less than any socket takes at once. Of another network it is some segments, the
// last of which has the FIN.
constexpr std::size_t kOneSegment = 16 * 1024;

// A look at the clock for each so many reads.
constexpr std::uint32_t kReadsALook = 64;

}  // namespace

Result<std::size_t> Client::write_some(std::span<const std::byte> data) {
  if (tls_) return tls_->send(data);
  const auto sent = noted(log_, {.name = "send", .data = data},
                          [&] { return ::send(fd(), data.data(), data.size(), MSG_NOSIGNAL); });
  if (sent < 0) return last_error();
  return static_cast<std::size_t>(sent);
}

// 0 at the end of input.
Result<std::size_t> Client::read_some(std::span<std::byte> buffer) {
  if (tls_) return tls_->receive(buffer);
  const auto got = noted(log_, {.name = "recv", .data = buffer},
                         [&] { return ::recv(fd(), buffer.data(), buffer.size(), 0); });
  if (got < 0) return last_error();
  return static_cast<std::size_t>(got);
}

error_code Client::push(Exchange& exchange) {
  asked_ = !exchange.complete();  // some answer before they have it all
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
  asked_ = !exchange.complete();  // some answer before they have it all
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

Client::Awaitable<error_code> Client::log_in(Exchange& exchange) {
  while (exchange.holds_back()) {
    if (exchange.wrong_at()) co_return errno_error(EBADMSG);
    if (const auto error = push(exchange)) co_return error;
    const auto received = receive_now(exchange, scratch_.size());
    if (received) continue;
    if (!would_block(received.error().value())) co_return received.error();
    if (const auto error = co_await wait(Direction::kRead)) co_return error;
  }
  co_return error_code{};
}

std::uint64_t Client::unsent(const Exchange& exchange) const {
  std::uint64_t end = sent_of_request_;
  for (auto rest = exchange.request(end); !rest.empty(); rest = exchange.request(end)) {
    end += rest.size();
  }
  return end - sent_of_request_;
}

// Without waiting for more to send with it.
void Client::send_at_once() {
  if (at_once_ || target_->is_unix()) return;
  at_once_ = true;
  // Without it Nagle's algorithm joins pieces, and the behaviour is what its proof says all the
  // same.
  static_cast<void>(set_option(IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"));
}

Client::Awaitable<error_code> Client::send_part(Exchange& exchange, std::uint64_t bytes) {
  send_at_once();
  asked_ = !exchange.complete();  // some answer before they have it all
  seen_alive_ = false;
  while (bytes > 0) {
    const auto rest = exchange.request(sent_of_request_);
    if (rest.empty()) break;
    const auto sent = write_some(rest.first(std::min<std::uint64_t>(rest.size(), bytes)));
    if (sent) {
      sent_of_request_ += *sent;
      bytes -= *sent;
    } else if (!would_block(sent.error().value())) {
      co_return sent.error();
    } else if (const auto error = co_await wait(Direction::kWrite)) {
      co_return error;
    }
  }
  co_return error_code{};
}

Client::Awaitable<error_code> Client::send_bytes(std::span<const std::byte> data) {
  seen_alive_ = false;
  while (!data.empty()) {
    const auto sent = write_some(data);
    if (sent) {
      data = data.subspan(*sent);
    } else if (!would_block(sent.error().value())) {
      co_return sent.error();
    } else if (const auto error = co_await wait(Direction::kWrite)) {
      co_return error;
    }
  }
  co_return error_code{};
}

// As much as one segment holds, which stays here until more follows or the end does.
bool Client::send_held_back(std::span<const std::byte> data) {
  data = data.first(std::min(data.size(), kOneSegment));
  if (tls_) return tls_->send_held_back(data);
  const auto sent = noted(log_, {.name = "send", .what = "MSG_MORE", .data = data}, [&] {
    return ::send(fd(), data.data(), data.size(), MSG_MORE | MSG_NOSIGNAL);
  });
  return sent == static_cast<ssize_t>(data.size());
}

// On the socket itself: TLS knows of no urgent data, and its stream has to stay whole.
error_code Client::send_urgent(std::byte byte) {
  seen_alive_ = false;
  const auto sent = noted(log_, {.name = "send", .what = "MSG_OOB", .data = {&byte, 1}},
                          [&] { return ::send(fd(), &byte, 1, MSG_OOB | MSG_NOSIGNAL); });
  return sent == 1 ? error_code{} : last_error();
}

// Who finds something to read each time never waits, and has a deadline all the same.
error_code Client::heed_clock_while_reading() {
  if (++reads_ % kReadsALook == 0 && Clock::now() >= started_ + timeout_) stop(Stop::kDeadline);
  return stop_error();
}

// One read into the scratch buffer, fed to the exchange. asio::error::eof at the end of input.
Result<std::size_t> Client::receive_now(Exchange& exchange, std::size_t most) {
  if (input_ended_) return error_code(asio::error::eof);
  if (const auto error = heed_clock_while_reading()) return error;
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

// What is there is looked at and not taken: an event that came before tells nothing any more.
Client::Awaitable<error_code> Client::wait_for_input() {
  while (true) {
    seen_alive_ = false;
    std::byte first{};
    const auto got = noted(log_, {.name = "recv", .what = "MSG_PEEK", .data = {&first, 1}},
                           [&] { return ::recv(fd(), &first, 1, MSG_PEEK); });
    if (got > 0) co_return error_code{};
    if (got == 0) co_return error_code(asio::error::eof);
    if (!would_block(errno)) co_return last_error();
    if (const auto error = co_await wait(Direction::kRead)) co_return error;
  }
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

Client::Awaitable<error_code> Client::stay(Nanoseconds duration) {
  co_return co_await stay_until(Clock::now() + duration, nullptr);
}

Client::Awaitable<error_code> Client::stay(Nanoseconds duration, Exchange& exchange) {
  co_return co_await stay_until(Clock::now() + duration, &exchange);
}

Client::Awaitable<error_code> Client::be_silent(Nanoseconds duration) {
  if (const auto error = co_await stay(kShortestSilence)) co_return error;
  has_happened();
  const auto error = co_await stay(duration - kShortestSilence);
  if (!error) silent_for_ = duration;
  co_return error;
}

// What comes is the response's, or nobody's where there is none.
Client::Awaitable<error_code> Client::stay_until(Instant until, Exchange* exchange) {
  if (const auto error = stop_error()) co_return error;
  while (Clock::now() < until) {
    const auto received =
        exchange != nullptr ? receive_now(*exchange, scratch_.size()) : discard_now();
    if (received) continue;
    if (!would_block(received.error().value())) co_return received.error();
    if (const auto error = co_await wait(Direction::kRead, until)) co_return error;
  }
  co_return error_code{};
}

Result<std::size_t> Client::discard_now() {
  if (input_ended_) return error_code(asio::error::eof);
  if (const auto error = heed_clock_while_reading()) return error;
  seen_alive_ = false;
  const auto got = read_some(scratch_);
  if (!got) return got.error();
  input_ended_ = *got == 0;
  if (input_ended_) return error_code(asio::error::eof);
  return *got;
}

}  // namespace closewait
