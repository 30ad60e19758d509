#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/address.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "base/unique_fd.h"
#include "faults/behaviour.h"
#include "faults/exchange.h"
#include "faults/readiness.h"
#include "record/outcome.h"
#include "record/tally.h"

namespace closewait {

class TlsClientContext;
class TlsLayer;

// One client connection for the length of one behaviour: the verbs that behaviours are written
// in. It owns its socket, which it has from the start, and its timers, lives on its worker's thread
// and is not moved. It borrows the worker's scratch buffer and tally and the target's address,
// which outlive it.
// With TLS, connect shakes hands too, the verbs send and receive through it, the FIN is preceded by
// close_notify, and a reset stays what it is.
//
// A verb first tries the system call, unless that can find nothing, and suspends when it would
// block; only then is the socket registered anywhere, so a client that never waits costs no
// epoll_ctl. Every verb that suspends ends by the client's deadline or when it is cut, and from
// then on each verb fails at once. Errors are values: `if (auto error = co_await client.connect())
// co_return client.fell_short(error);` is how each behaviour gives up.
class Client {
 public:
  using Executor = boost::asio::any_io_executor;
  template <class T>
  using Awaitable = boost::asio::awaitable<T, Executor>;

  struct Setup {
    const SocketAddress* target;
    std::optional<SocketAddress> local;  // bound before connect; with a port or without
    std::span<std::byte> scratch;        // for what is received
    ClientTally* tally;                  // connect and response are recorded here
    Instant planned;                     // when the plan wanted it to start
    Nanoseconds timeout{0};              // from the actual start to its own deadline
    std::uint64_t choices = 0;           // seeds random()
    End end = End::kFin;                 // a reset is armed before connect, so that it can follow
                                         // at once
    const TlsClientContext* tls = nullptr;  // null: plain
  };

  Client(boost::asio::io_context& io, const Setup& setup);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // connect; opened from then on, also when TLS comes to nothing. Before it, a smaller receive
  // buffer may be asked for (a small window).
  void receive_buffer(std::uint64_t bytes) { receive_buffer_ = bytes; }
  Awaitable<error_code> connect();

  // send: the whole request. At most a window of it is unanswered at a time, so that two ends
  // that echo each other never wait for each other with full buffers.
  Awaitable<error_code> send(Exchange& exchange);
  // send what the socket takes now of the request, and do not wait for more.
  [[nodiscard]] error_code push(Exchange& exchange);

  // receive: the whole response; its time is recorded. asio::error::eof when the target ended
  // its side before the response was whole.
  Awaitable<error_code> receive(Exchange& exchange);
  // receive at least `bytes` of it in all, or what there is of it, and go on.
  Awaitable<error_code> receive_at_least(Exchange& exchange, std::uint64_t bytes);
  // receive at most `bytes` that are there by now; 0 bytes are no error.
  [[nodiscard]] error_code take(Exchange& exchange, std::uint64_t bytes);

  // shut down sending: the FIN. The peer sees end of input; receiving goes on.
  void shut_down_sending();
  // drain: read to the end of input. Bytes beyond what was owed are noted as wrong.
  Awaitable<error_code> drain(Exchange& exchange);
  // wait for `duration` while the connection lies still.
  Awaitable<error_code> pause(Nanoseconds duration);

  // close by FIN, or reset: the last verb of every behaviour. Delivered when the proof holds
  // (the socket's state just before, SO_LINGER read back, the return codes), else preempted.
  [[nodiscard]] Outcome close(const Exchange& exchange);
  [[nodiscard]] Outcome reset();
  // The outcome of a behaviour that could not go on. One that has sent its FIN already and has
  // nothing unread is closed and so ends as it should; any other is reset. A response that cannot
  // be read on (EBADMSG) was delivered, and wrong.
  [[nodiscard]] Outcome fell_short(error_code error);

  // The next response is counted from now on (a further exchange on the connection).
  void ask_again(Exchange& exchange);

  [[nodiscard]] Random& random() { return random_; }

  // For the session that runs it.
  void cut();
  [[nodiscard]] bool connected() const { return connected_; }
  // An error of the rig's own: no descriptor, no port. The target had no part in it.
  [[nodiscard]] error_code rig_error() const { return rig_error_; }
  // When its socket was closed.
  [[nodiscard]] Instant ended() const { return ended_; }
  // It did not end as its behaviour does: it fell short, and was reset.
  [[nodiscard]] bool abandoned() const { return abandoned_; }

 private:
  enum class Stop : std::uint8_t { kNo, kDeadline, kCut };
  using Direction = Readiness::Direction;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] error_code open(const std::optional<SocketAddress>& local);
  [[nodiscard]] error_code bind_to(const SocketAddress& local);
  [[nodiscard]] bool arm_reset();
  [[nodiscard]] error_code pending_error();
  [[nodiscard]] error_code stop_error() const;
  Awaitable<error_code> wait(Direction direction);
  Awaitable<void> wait_until(Instant instant);
  [[nodiscard]] bool may_have_input() const;
  void stop(Stop why);
  void close_socket();
  void abandon();
  void response_is_complete();
  [[nodiscard]] std::uint8_t kernel_state();
  [[nodiscard]] bool is_alive();
  Awaitable<error_code> shake_hands();
  [[nodiscard]] Result<std::size_t> write_some(std::span<const std::byte> data);
  [[nodiscard]] Result<std::size_t> read_some(std::span<std::byte> buffer);
  Result<std::size_t> receive_now(Exchange& exchange, std::size_t most);

  const SocketAddress* target_;
  std::span<std::byte> scratch_;
  ClientTally* tally_;
  Nanoseconds timeout_;
  Instant due_;  // when the response in hand was planned
  Instant started_;
  Instant ended_;
  Random random_;
  UniqueFd fd_;
  std::unique_ptr<TlsLayer> tls_;    // null: plain
  boost::asio::steady_timer timer_;  // of whatever the client waits for: its deadline at the latest
  Readiness::Watch watch_;           // cancels timer_
  std::uint64_t receive_buffer_ = 0;
  std::uint64_t sent_of_request_ = 0;
  error_code rig_error_;
  End end_;
  Stop stopped_ = Stop::kNo;
  bool connected_ = false;
  bool asked_ = false;                 // a response is owed and not whole yet
  bool answer_is_on_its_way_ = false;  // the request was just sent: there is nothing to read yet
  bool seen_alive_ = false;            // by the kernel's state, and nothing was done since
  bool reset_armed_ = false;           // SO_LINGER as read back
  bool fin_sent_ = false;              // proven at shut_down_sending()
  bool input_ended_ = false;
  bool abandoned_ = false;
};

}  // namespace closewait
