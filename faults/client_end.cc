#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>

#include "faults/client.h"
#include "faults/tls_layer.h"

namespace closewait {

// How a client ends, and the proof of it.

void Client::shut_down_sending(Farewell farewell) {
  // Of who ends in another way, the FIN is no end.
  const bool is_its_end = end_ == End::kFin;
  if (is_its_end) ++tally_->counts.intended;
  fin_intended_ = is_its_end;
  const bool alive = is_alive();
  if (tls_) tls_->end_sending(farewell);
  const int result = noted(log_, {.name = "shutdown", .what = "SHUT_WR"},
                           [this] { return ::shutdown(fd(), SHUT_WR); });
  if (result != 0 || !alive) return;
  fin_sent_ = true;
  if (is_its_end) ++tally_->counts.confirmed;
}

error_code Client::shut_down_receiving() {
  const int result = noted(log_, {.name = "shutdown", .what = "SHUT_RD"},
                           [this] { return ::shutdown(fd(), SHUT_RD); });
  return result == 0 ? error_code{} : last_error();
}

// Bytes that have come and were not read; -1 when the kernel does not say.
int Client::unread() {
  int bytes = 0;
  const int result = noted(log_, {.name = "ioctl", .what = "FIONREAD"},
                           [&] { return ::ioctl(fd(), FIONREAD, &bytes); });
  tell(log_, [bytes] { return std::to_string(bytes); });
  return result == 0 ? bytes : -1;
}

// Closes the socket. Whose fault was done before is delivered also when the target ended it first.
Outcome Client::ended_as(bool proven, bool alive) {
  close_socket();
  if (proven) ++tally_->counts.confirmed;
  // It was ended, and has not ended: no end of its own wants proof.
  const bool was_ended = happened_ && !alive && !proven;
  if (was_ended && !fin_intended_) --tally_->counts.intended;
  return proven || (happened_ && !alive) ? Outcome::kDelivered : Outcome::kPreempted;
}

Outcome Client::close(const Exchange& exchange) {
  const Outcome outcome = close();
  if (exchange.wrong_at()) ++tally_->counts.wrong;
  return outcome;
}

Outcome Client::close() {
  if (fin_sent_) {
    close_socket();
    return Outcome::kDelivered;
  }
  if (!fin_intended_) ++tally_->counts.intended;
  const bool alive = is_alive();
  if (tls_ && alive) tls_->end_sending(Farewell::kSaid);
  // With bytes unread the kernel would send a reset instead of the FIN.
  return ended_as(alive && unread() == 0, alive);
}

Outcome Client::close_with_request(Exchange& exchange) {
  ++tally_->counts.intended;
  const auto rest = exchange.request(sent_of_request_);
  const bool alive = is_alive();
  const bool sent = alive && send_held_back(rest);
  if (tls_ && sent) tls_->end_sending(Farewell::kSaid);
  return ended_as(sent && unread() == 0, alive);
}

Outcome Client::close_unread() {
  ++tally_->counts.intended;
  const bool alive = is_alive();
  return ended_as(alive && unread() > 0, alive);
}

Outcome Client::reset() {
  ++tally_->counts.intended;
  const bool alive = is_alive();
  const bool armed = reset_armed_ || arm_reset();
  return ended_as(alive && armed, alive);
}

Outcome Client::disconnect() {
  ++tally_->counts.intended;
  const bool alive = is_alive();
  const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  const int result = noted(log_, {.name = "connect", .what = "AF_UNSPEC"},
                           [&] { return ::connect(fd(), &nobody, sizeof(nobody)); });
  return ended_as(alive && result == 0 && kernel_state() == TCP_CLOSE, alive);
}

// Under repair the kernel lets a connection be taken away, to go on somewhere else.
Outcome Client::vanish() {
  ++tally_->counts.intended;
  const bool alive = is_alive();
  const auto error = set_option(IPPROTO_TCP, TCP_REPAIR, 1, "TCP_REPAIR");
  return ended_as(alive && !error, alive);
}

void Client::close_socket() {
  ended_ = Clock::now();
  fd_.reset();
  if (log_ != nullptr) {
    log_->add({.name = "close", .at = ended_, .took = Clock::now() - ended_});
  }
}

void Client::abandon() {
  if (!fd_) return;
  const bool fin_is_its_end = fin_sent_ && end_ == End::kFin && unread() == 0;
  if (!fin_is_its_end) {
    abandoned_ = true;
    static_cast<void>(reset_armed_ || arm_reset());  // a FIN instead would be no proof either
  }
  close_socket();
}

// What was done is done, however the target ended it.
Outcome Client::fell_short(error_code error) {
  if (happened_ && stopped_ == Stop::kNo && error) {
    if (error == boost::asio::error::eof) return close();
    abandon();
    return Outcome::kDelivered;
  }
  if (asked_ && stopped_ == Stop::kDeadline) tally_->response.record(Clock::now() - due_);
  abandon();
  if (!connected_) return Outcome::kRefused;
  if (error == errno_error(EBADMSG)) {
    ++tally_->counts.wrong;
    return Outcome::kDelivered;
  }
  switch (stopped_) {
    case Stop::kDeadline:
      return Outcome::kTimedOut;
    case Stop::kCut:
      return Outcome::kCut;
    case Stop::kNo:
      return Outcome::kPreempted;
  }
  return Outcome::kPreempted;
}

}  // namespace closewait
