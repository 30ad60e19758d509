#pragma once

#include <optional>
#include <string_view>

#include "record/network.h"

namespace closewait {

// Pure readers of the kernel's counters since boot; nothing for what does not read as expected.
// /proc/net/netstat (TcpExt): all but conntrack's and the resets.
[[nodiscard]] std::optional<NetworkCounts> parse_netstat(std::string_view text);
// /proc/net/snmp (Tcp): OutRsts, of IPv4 and IPv6.
[[nodiscard]] std::optional<std::uint64_t> parse_resets_sent(std::string_view text);
// /proc/net/stat/nf_conntrack, one line a CPU: what could not be inserted, or was put out early.
[[nodiscard]] std::optional<std::uint64_t> parse_conntrack_drops(std::string_view text);

// What was counted in this process' network namespace from one call to the next. Owns nothing but
// the last counts; one thread.
class NetworkWatch {
 public:
  NetworkWatch();
  // Since the last call. A counter that cannot be read stays at 0.
  [[nodiscard]] NetworkCounts since_last();
  // Whether the resets of the last call could be read.
  [[nodiscard]] bool sees_resets() const { return last_.sees_resets; }

 private:
  struct Reading {
    NetworkCounts counts;
    bool sees_resets = false;
  };
  [[nodiscard]] static Reading read();

  Reading last_;
};

}  // namespace closewait
