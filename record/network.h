#pragma once

#include <array>
#include <cstdint>

namespace closewait {

// What the kernel counts over some time: where packets of a load can get lost, and the resets that
// were sent. All of a network namespace: it does not tell the load's from others'.
struct NetworkCounts {
  std::uint64_t listen_overflows = 0;  // a full queue of connections that wait to be accepted
  std::uint64_t listen_drops = 0;      // SYNs and handshakes dropped, for that or any other reason
  std::uint64_t syn_retransmits = 0;
  std::uint64_t conntrack_drops = 0;  // connections that the firewall's table had no room for
  std::uint64_t resets_sent = 0;      // OutRsts: RSTs of any socket, and those that answer to none
  // Of these, by close() of a connected socket:
  std::uint64_t aborts_on_data = 0;   // TCPAbortOnData: SO_LINGER asked for it
  std::uint64_t aborts_on_close = 0;  // TCPAbortOnClose: it had bytes unread

  friend bool operator==(const NetworkCounts&, const NetworkCounts&) = default;
  NetworkCounts& operator+=(const NetworkCounts& other);
};

inline constexpr std::array kNetworkCounters{
    &NetworkCounts::listen_overflows, &NetworkCounts::listen_drops, &NetworkCounts::syn_retransmits,
    &NetworkCounts::conntrack_drops,  &NetworkCounts::resets_sent,  &NetworkCounts::aborts_on_data,
    &NetworkCounts::aborts_on_close};

inline NetworkCounts& NetworkCounts::operator+=(const NetworkCounts& other) {
  for (const auto counter : kNetworkCounters) this->*counter += other.*counter;
  return *this;
}

}  // namespace closewait
