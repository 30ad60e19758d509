#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "loadgen/scenario.h"

namespace closewait {

// What a machine has for a load.
struct Machine {
  // Of the firewall's table of connections, where it follows those to the target.
  struct Conntrack {
    std::uint64_t free_entries = 0;
    Nanoseconds after_fin = std::chrono::seconds(120);  // how long one stays once both have closed
    Nanoseconds after_reset = std::chrono::seconds(10);
  };

  std::uint64_t ports = 0;  // local ones of one address
  // How long nobody has a port again whose client has closed first: 60 s without TCP timestamps.
  Nanoseconds port_after_fin{0};
  std::optional<Conntrack> conntrack;
  std::uint64_t open_files = 0;  // of one process
  std::uint64_t memory = 0;      // available bytes
};

// One thing a load needs of it.
struct Need {
  std::string what;           // "ports"
  std::uint64_t certain = 0;  // the plan comes to that
  std::uint64_t at_most = 0;  // and to no more than that
  std::uint64_t there = 0;
  bool is_bytes = false;  // else it is a count
  std::string because;    // where the figures are from
  std::string way_out;    // what to do when there is not enough

  [[nodiscard]] bool fits() const { return certain <= there; }
  [[nodiscard]] bool is_close() const { return fits() && at_most > there; }
};

// What the scenario needs of the machine. Ports count for as long as a connection is open and no
// longer, however it is closed: clients bind the port they take, and the kernel lets a bound
// socket connect from a port in TIME_WAIT (4,000 graceful closes a second from 1,000 ports lost
// none, with net.ipv4.tcp_tw_reuse 0, 1 and 2); save where TCP timestamps are off, by which it
// tells the new connection from the old (then 999 of 4,000 came about). For the same reason an
// entry of conntrack is used again: there are never more of them than ports. A phase without a plan
// (`rate: max`) needs what open_at_most says. Pure.
[[nodiscard]] std::vector<Need> budget_of(const Scenario& scenario, const Machine& machine);

// Connections that are certainly open at once: those of behaviours that stay for a known time.
[[nodiscard]] std::uint64_t held_at_once(const Phase& phase);

// Throws UsageError, one line for each need that the machine cannot meet, with the figures and what
// to do.
void refuse_beyond(const std::vector<Need>& budget);

}  // namespace closewait
