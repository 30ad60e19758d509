#pragma once

#include <cstdint>

namespace closewait {

// What the kernel counts where packets of a load can get lost, over some time. All of a network
// namespace: it does not tell the load's from others'.
struct NetworkCounts {
  std::uint64_t listen_overflows = 0;  // a full queue of connections that wait to be accepted
  std::uint64_t listen_drops = 0;      // SYNs and handshakes dropped, for that or any other reason
  std::uint64_t syn_retransmits = 0;
  std::uint64_t conntrack_drops = 0;  // connections that the firewall's table had no room for

  friend bool operator==(const NetworkCounts&, const NetworkCounts&) = default;
  NetworkCounts& operator+=(const NetworkCounts& other) {
    listen_overflows += other.listen_overflows;
    listen_drops += other.listen_drops;
    syn_retransmits += other.syn_retransmits;
    conntrack_drops += other.conntrack_drops;
    return *this;
  }
};

}  // namespace closewait
