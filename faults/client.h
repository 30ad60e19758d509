#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "base/unique_fd.h"
#include "faults/behaviour.h"
#include "faults/call_log.h"
#include "faults/exchange.h"
#include "faults/readiness.h"
#include "faults/tls_farewell.h"
#include "record/outcome.h"
#include "record/tally.h"

namespace closewait {

class TlsClientContext;
class TlsLayer;

// How far a handshake of TLS goes.
enum class HandshakeStage : std::uint8_t {
  kHelloBegun,  // a few bytes of the ClientHello are out
  kHelloSent,   // all of it
  kAnswered,    // the target's answer is there, and not read
  kDone,        // hands are shaken
};

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
    CallLog* log = nullptr;                 // null: its calls are not noted
  };

  Client(boost::asio::io_context& io, const Setup& setup);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // connect; opened from then on, also when TLS comes to nothing. Before it, a smaller receive
  // buffer may be asked for (a small window).
  void receive_buffer(std::uint64_t bytes) { receive_buffer_ = bytes; }
  Awaitable<error_code> connect();
  // connect, and no handshake of TLS.
  Awaitable<error_code> connect_plainly();
  // After that: shake hands as far as this and no further.
  Awaitable<error_code> shake_hands_until(HandshakeStage stage);

  // send: the whole request. At most a window of it is unanswered at a time, so that two ends
  // that echo each other never wait for each other with full buffers.
  Awaitable<error_code> send(Exchange& exchange);
  // send what the socket takes now of the request, and do not wait for more.
  [[nodiscard]] error_code push(Exchange& exchange);
  // log in: whatever the protocol wants to have over before the first request.
  Awaitable<error_code> log_in(Exchange& exchange);
  // How much of the request is still to be sent.
  [[nodiscard]] std::uint64_t unsent(const Exchange& exchange) const;
  // send so many more bytes of the request, at once and in segments of their own.
  Awaitable<error_code> send_part(Exchange& exchange, std::uint64_t bytes);
  // send bytes that are no part of a request.
  Awaitable<error_code> send_bytes(std::span<const std::byte> data);
  // send one byte out of band.
  [[nodiscard]] error_code send_urgent(std::byte byte);

  // receive: the whole response; its time is recorded. asio::error::eof when the target ended
  // its side before the response was whole.
  Awaitable<error_code> receive(Exchange& exchange);
  // receive at least `bytes` of it in all, or what there is of it, and go on.
  Awaitable<error_code> receive_at_least(Exchange& exchange, std::uint64_t bytes);
  // receive at most `bytes` that are there by now; 0 bytes are no error.
  [[nodiscard]] error_code take(Exchange& exchange, std::uint64_t bytes);
  // Waits until there is something to receive, and leaves it there.
  Awaitable<error_code> wait_for_input();

  // shut down sending: the FIN. The peer sees end of input; receiving goes on.
  void shut_down_sending(Farewell farewell = Farewell::kSaid);
  // Whether that was proven: the connection was there to be ended.
  [[nodiscard]] bool has_ended_sending() const { return fin_sent_; }
  // shut down receiving, of which the peer sees nothing.
  [[nodiscard]] error_code shut_down_receiving();
  // drain: read to the end of input. Bytes beyond what was owed are noted as wrong.
  Awaitable<error_code> drain(Exchange& exchange);
  // wait for `duration` while the connection lies still.
  Awaitable<error_code> pause(Nanoseconds duration);
  // stay for `duration`, take what comes and judge it not. asio::error::eof when the target ended
  // its side meanwhile.
  Awaitable<error_code> stay(Nanoseconds duration);
  // The same, with what comes taken as the response's.
  Awaitable<error_code> stay(Nanoseconds duration, Exchange& exchange);
  // Who is ended sooner was turned away, and has shown nothing by being silent.
  static constexpr Nanoseconds kShortestSilence = std::chrono::milliseconds(100);
  // stay, say nothing, and after kShortestSilence the fault has happened.
  Awaitable<error_code> be_silent(Nanoseconds duration);

  // The fault has been done, and how the connection ends is the target's right: when it ends it
  // from now on, by a FIN or a reset, the behaviour was delivered.
  void has_happened() { happened_ = true; }

  // The last verb of every behaviour, one of these. Delivered when the proof holds (the socket's
  // state just before, options read back, the return codes), else preempted.
  // close by FIN; the response is judged where one is owed.
  [[nodiscard]] Outcome close(const Exchange& exchange);
  [[nodiscard]] Outcome close();
  // close, with the rest of the request in one segment with the FIN: nothing can come between.
  [[nodiscard]] Outcome close_with_request(Exchange& exchange);
  // close with bytes unread, for which the kernel sends a reset.
  [[nodiscard]] Outcome close_unread();
  [[nodiscard]] Outcome reset();
  // A reset by connect(AF_UNSPEC), after which the socket could connect again.
  [[nodiscard]] Outcome disconnect();
  // Gone without a word: neither FIN nor reset. Needs CAP_NET_ADMIN.
  [[nodiscard]] Outcome vanish();
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
  [[nodiscard]] bool speaks_tls() const { return tls_ != nullptr; }
  // An error of the rig's own: no descriptor, no port. The target had no part in it.
  [[nodiscard]] error_code rig_error() const { return rig_error_; }
  // A response is owed and not whole, the first one of its connection or a later one.
  [[nodiscard]] bool is_owed() const { return asked_; }
  [[nodiscard]] bool has_asked_again() const { return asked_again_; }
  // Its deadline came when it had waited for half its time and more, and nothing had come.
  [[nodiscard]] bool starved() const { return starved_; }
  // For how long be_silent() was borne; 0 when the target ended it meanwhile.
  [[nodiscard]] Nanoseconds silent_for() const { return silent_for_; }
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
  [[nodiscard]] error_code bind_socket(const SocketAddress& local);
  [[nodiscard]] error_code set_option(int level, int name, int value, std::string_view what);
  [[nodiscard]] bool arm_reset();
  [[nodiscard]] error_code pending_error();
  [[nodiscard]] error_code stop_error() const;
  Awaitable<error_code> connect_socket();
  Awaitable<error_code> wait(Direction direction, Instant until = Instant::max());
  void set_timer(Instant instant);
  void heed_deadline(error_code ended);
  [[nodiscard]] error_code heed_clock_while_reading();
  [[nodiscard]] bool may_have_input() const;
  Awaitable<error_code> stay_until(Instant until, Exchange* exchange);
  Result<std::size_t> discard_now();
  void send_at_once();
  [[nodiscard]] bool send_held_back(std::span<const std::byte> data);
  void stop(Stop why);
  void close_socket();
  void abandon();
  void response_is_complete();
  [[nodiscard]] std::uint8_t kernel_state();
  [[nodiscard]] bool is_alive();
  [[nodiscard]] int unread();
  [[nodiscard]] Outcome ended_as(bool proven, bool alive);
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
  CallLog* log_;                     // null: none is kept
  std::unique_ptr<TlsLayer> tls_;    // null: plain
  boost::asio::steady_timer timer_;  // of whatever the client waits for: its deadline at the latest
  Readiness::Watch watch_;           // cancels timer_
  std::uint64_t receive_buffer_ = 0;
  Nanoseconds silent_for_{0};
  std::uint64_t sent_of_request_ = 0;
  std::uint32_t reads_ = 0;
  error_code rig_error_;
  End end_;
  Stop stopped_ = Stop::kNo;
  bool connected_ = false;
  bool asked_ = false;  // a response is owed and not whole yet
  bool asked_again_ = false;
  bool starved_ = false;
  bool answer_is_on_its_way_ = false;  // the request was just sent: there is nothing to read yet
  bool seen_alive_ = false;            // by the kernel's state, and nothing was done since
  bool reset_armed_ = false;           // SO_LINGER as read back
  bool at_once_ = false;               // TCP_NODELAY is set
  bool happened_ = false;              // what follows is the target's choice
  bool fin_intended_ = false;          // counted
  bool fin_sent_ = false;              // proven at shut_down_sending()
  bool input_ended_ = false;
  bool abandoned_ = false;
};

}  // namespace closewait
