#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "faults/client.h"
#include "faults/tls_layer.h"

namespace closewait {

// How a client ends, and the proof of it.

void Client::shut_down_sending() {
  ++tally_->counts.intended;
  const bool alive = is_alive();
  if (tls_) tls_->end_sending();
  if (::shutdown(fd(), SHUT_WR) != 0 || !alive) return;
  fin_sent_ = true;
  ++tally_->counts.confirmed;
}

Outcome Client::close(const Exchange& exchange) {
  if (!fin_sent_) {
    ++tally_->counts.intended;
    // With bytes unread the kernel would send a reset instead of the FIN.
    int unread = 0;
    if (is_alive() && ::ioctl(fd(), FIONREAD, &unread) == 0 && unread == 0) {
      fin_sent_ = true;
      ++tally_->counts.confirmed;
    }
  }
  close_socket();
  if (exchange.wrong_at()) ++tally_->counts.wrong;
  return fin_sent_ ? Outcome::kDelivered : Outcome::kPreempted;
}

Outcome Client::reset() {
  ++tally_->counts.intended;
  const bool alive = is_alive();
  const bool armed = reset_armed_ || arm_reset();
  close_socket();
  if (!alive || !armed) return Outcome::kPreempted;
  ++tally_->counts.confirmed;
  return Outcome::kDelivered;
}

void Client::close_socket() {
  ended_ = Clock::now();
  fd_.reset();
}

void Client::abandon() {
  if (!fd_) return;
  int unread = 0;
  const bool fin_is_its_end = fin_sent_ && ::ioctl(fd(), FIONREAD, &unread) == 0 && unread == 0;
  if (!fin_is_its_end) {
    abandoned_ = true;
    static_cast<void>(reset_armed_ || arm_reset());  // a FIN instead would be no proof either
  }
  close_socket();
}

Outcome Client::fell_short(error_code error) {
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
