#pragma once

#include <cstdint>

namespace closewait {

// The cheap look at the target, once a second; all its processes added up.
struct Sample {
  std::uint64_t fds = 0;
  double cpu_seconds = 0;        // user and system, since the processes started
  std::uint64_t anon_bytes = 0;  // RssAnon of /proc/PID/status
  std::uint64_t rss_bytes = 0;   // VmRSS
  std::uint64_t threads = 0;
  std::uint64_t processes = 0;     // zombies included
  std::uint64_t listen_queue = 0;  // connections waiting to be accepted
  std::uint64_t listen_limit = 0;  // how many may wait

  friend bool operator==(const Sample&, const Sample&) = default;
};

}  // namespace closewait
