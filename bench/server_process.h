#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/clock.h"

namespace closewait {

// 127.0.0.1 with a port that was free a moment ago: nginx cannot choose one itself.
[[nodiscard]] SocketAddress free_address();

// A server in a process of its own, on the core of who starts it, with nothing on its standard
// output. Ends it and waits for it.
class ServerProcess {
 public:
  // Starts the command and waits until something accepts at `address`. Throws SetupError.
  ServerProcess(std::vector<std::string> command, const SocketAddress& address);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] const SocketAddress& address() const { return address_; }
  // Of all its threads so far, by the scheduler's clock, which counts nanoseconds and no ticks.
  [[nodiscard]] Nanoseconds cpu_time() const;
  // RssAnon of /proc/PID/status, in bytes: its heap and stacks.
  [[nodiscard]] std::uint64_t own_memory() const;
  // Open sockets and files, by /proc/PID/fd.
  [[nodiscard]] std::size_t descriptors() const;

 private:
  void stop() noexcept;

  SocketAddress address_;
  pid_t pid_ = -1;
};

}  // namespace closewait
