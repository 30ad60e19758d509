#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/error.h"
#include "observe/process.h"
#include "observe/sock_diag.h"
#include "record/census.h"
#include "record/sample.h"

namespace closewait {

// Which inputs the observer has. `why` says of each that is missing what is in the way and what to
// grant, one sentence each; "" when all are there.
struct Availability {
  bool fds = false;      // listing descriptors; counting them works without
  bool sockets = false;  // socket tables: the target is in this network namespace
  bool epoll = false;    // epoll registrations
  std::string why;
};

// A socket of one of the target's ports on the target's side.
struct TargetSocket {
  Endpoint remote;
  TcpState state = TcpState::kUnknown;
  std::uint64_t inode = 0;  // 0: an orphan, in TIME_WAIT, or not accepted yet
  std::uint64_t cookie = 0;
  bool held = false;  // a descriptor of the target stands for it
};

// A census, and the sockets behind its counts (listeners left out), by which a caller can match
// connections. Of the census it fills sample, fds_by_kind, sockets_by_state, dead_sockets and
// epoll_registrations; what an input is missing for stays empty.
struct FullLook {
  Census census;
  std::vector<TargetSocket> sockets;
};

// Watches one target from outside: its addresses and the processes behind them, children that come
// and go included. Owns a netlink socket and borrows nothing; it never stops, attaches to or
// signals the target. One thread at a time.
class Observer {
 public:
  // `addresses` as the clients connect to them, none where sockets need not be seen; `roots` as
  // find_target() gives them, or a started child. ObserveError::kProcessEnded when a root does not
  // live. Missing rights are no error: see availability().
  [[nodiscard]] static Result<Observer> open(const std::vector<SocketAddress>& addresses,
                                             const std::vector<pid_t>& roots);

  // The cheap look, at any time: 0.05 to 0.1 ms of CPU for one process of 15,000 descriptors.
  // kProcessEnded when nobody is left.
  [[nodiscard]] Result<Sample> sample();
  // How many sockets of the target's ports there are on its side, by state; the
  // chief ones are always there. A dump of the port: up
  // to 22 ms of CPU at 15,000 sockets, and it does not hold up the target.
  [[nodiscard]] Result<std::map<std::string, std::uint64_t>> sockets_by_state();
  // The connections that the target has accepted and that are established, each by its side of
  // it. A dump as above.
  [[nodiscard]] Result<std::vector<TcpSocket>> established();
  // The full look, for rests only: 85 to 140 ms of CPU at 15,000 descriptors, the most when half
  // of them are dead, and it holds up the target's epoll_wait while registrations are read.
  // kProcessEnded when nobody is left.
  [[nodiscard]] Result<FullLook> census();

  // Every root lives, as the same process (a pid may be used again).
  [[nodiscard]] bool alive() const;
  // The roots and their descendants, now.
  [[nodiscard]] std::vector<pid_t> pids() const;
  [[nodiscard]] const Availability& availability() const noexcept { return availability_; }

 private:
  struct Root {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;
  };
  // The socket descriptors of the target: inode to one of its places.
  using HeldSockets = std::map<std::uint64_t, std::pair<pid_t, int>>;

  Observer(const std::vector<SocketAddress>& addresses, SockDiag diag);
  void find_out_availability();
  void add_listen_queue(Sample& sample);
  [[nodiscard]] bool has_the_address(const TcpSocket& row) const;
  [[nodiscard]] HeldSockets look_at_fds(Census& census) const;
  [[nodiscard]] error_code look_at_sockets(const HeldSockets& held, FullLook& look);
  [[nodiscard]] Result<std::uint64_t> count_dead(HeldSockets suspects);

  // Of the target's ports, whichever address they are of.
  [[nodiscard]] Result<std::vector<TcpSocket>> dump_ports(std::uint32_t states = kAllTcpStates);

  std::vector<SocketAddress> addresses_;
  std::vector<std::uint16_t> ports_;  // of them, each once
  std::vector<Root> roots_;
  SockDiag diag_;
  Availability availability_;
};

}  // namespace closewait
