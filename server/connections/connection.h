#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "server/connections/deadlines.h"
#include "server/connections/seats.h"
#include "server/connections/stream.h"
#include "server/counting/counters.h"
#include "server/loop/event_loop.h"
#include "server/options.h"
#include "server/services/http_date.h"
#include "server/services/output.h"
#include "server/services/service.h"

namespace closewait {

// A connection's place among the idle ones of its loop; out of it when destroyed.
struct IdleEntry
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  explicit IdleEntry(std::uint32_t own_slot) : slot(own_slot) {}

  std::uint32_t slot;
};
using IdleList = boost::intrusive::list<IdleEntry, boost::intrusive::constant_time_size<false>>;

// What the connections of one loop share. Owned by their table, borrowed by each of them: an idle
// connection holds no buffer.
struct ConnectionContext {
  ConnectionContext(EventLoop& own_loop, const ServerOptions& own_options, Counters& own_counters)
      : loop(own_loop), options(own_options), counters(own_counters) {}

  EventLoop& loop;
  const ServerOptions& options;
  Counters& counters;
  ServiceContext service{options.limits, {}};
  HttpDate date;
  std::array<char, kInputBuffer> input{};
  Output spare;   // an empty output, with the memory it has
  IdleList idle;  // who asks for nothing, the longest first; kept where one may be evicted
};

// One peer: its stream with the descriptor, its registration (in this order, so that the
// registration goes first), what it sent and was not served yet, what it is owed. Borrows the
// context. It never destroys itself: each call says whether it is over, and the table does the
// rest. Belongs to the loop's thread.
//
// It is told of an event once (EPOLLET): whatever it stops with while it could go on, to give the
// others their turn, it asks to be told of again.
//
// It serves until the peer or the service ends the exchange, writes all that is owed, shuts down
// sending, and lingers for the peer's end, because closing with unread input would reset the
// connection and take the last answer away (RFC 9112, 9.6). Who has said that nothing more comes
// (FIN, or HTTP's Connection: close) is not waited for.
class Connection {
 public:
  // Why it is over; nothing while it goes on.
  using Ending = std::optional<CloseReason>;

  // What its watch asks for at first.
  static constexpr std::uint32_t kInterest = EPOLLET | EPOLLIN | EPOLLRDHUP | EPOLLPRI;

  Connection(Stream stream, Watch watch, Seat seat, ConnectionContext& context,
             TimerHandler& timers);

  // Call one of them once, first. Refusing tells the peer that there is no room for it.
  [[nodiscard]] Ending start();
  [[nodiscard]] Ending refuse();

  [[nodiscard]] Ending on_ready(std::uint32_t events);
  [[nodiscard]] Ending on_expiry();
  // Ends it as soon as what is owed, and the request it is in, is done.
  [[nodiscard]] Ending drain();
  // Ends it, idle as it is, to make room for another.
  [[nodiscard]] Ending give_way();
  // Makes closing discard what the peer did not take: it would stay in the kernel for minutes.
  void abandon() noexcept;

  // Bytes held for it: read and not served yet, and owed.
  [[nodiscard]] std::size_t buffered() const { return output_.buffered() + pending_.size(); }
  // What was decided earlier, when it was told why it would end; else `ending`.
  [[nodiscard]] CloseReason reason(CloseReason ending) const { return because_.value_or(ending); }

 private:
  [[nodiscard]] bool wants_input() const;
  // From what it has read already.
  [[nodiscard]] bool can_serve() const { return !needs_input_ && !pending_.empty(); }
  [[nodiscard]] Ending shake_hands();
  [[nodiscard]] Ending begin();
  [[nodiscard]] Ending receive(bool gone);
  [[nodiscard]] Ending pump();
  [[nodiscard]] Ending flush(std::uint64_t& written);
  [[nodiscard]] Ending linger(std::uint32_t events);
  [[nodiscard]] Ending settle();
  [[nodiscard]] Ending goodbye(int status, CloseReason reason);
  void serve(std::string_view input);
  void tell_time();
  void begin_linger();
  void set_deadlines();
  void take_idle_place();
  [[nodiscard]] Deadlines::Input expected_input() const;

  [[nodiscard]] const Service& service() const { return *context_.options.service; }

  Seat seat_;
  Stream stream_;
  Watch watch_;
  ConnectionContext& context_;
  Timer timer_;
  IdleEntry idle_;
  Deadlines deadlines_;
  ServiceState state_;
  Output output_;
  std::string pending_;        // input that the service did not take yet
  std::uint64_t drained_ = 0;  // bytes dropped while lingering
  std::optional<CloseReason> because_;
  bool needs_input_ = true;  // the service can do nothing with pending_ alone
  bool lingering_ = false;   // nothing more is served or written
  bool wrote_ = false;       // since the deadlines were set
  bool goodbye_ = false;     // TLS' word that nothing more comes is owed
  bool unfinished_ = false;  // stopped with what could go on at once
};

}  // namespace closewait
