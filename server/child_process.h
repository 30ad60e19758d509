#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "server/counter_memory.h"
#include "server/listener.h"

namespace closewait {

// How to start a process that serves a part of what this one listens on.
struct ChildCommand {
  std::string program;
  std::vector<std::string> arguments;  // without the program's name
  unsigned workers = 1;
};

// One more process of this server, which serves with the sockets and counts in the memory that it
// inherits. Owns the end here of a channel between the two, and the counters. The child says on the
// channel that it serves; the channel ends with either of them. One thread.
class ChildProcess {
 public:
  // Starts it; it gets the listeners of as many loops as it has workers, from the first on. Throws
  // SetupError.
  ChildProcess(const ChildCommand& command, const Listeners& listeners, unsigned first_loop);
  // Kills and waits, if wait() has not.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] int channel() const noexcept { return channel_.get(); }
  [[nodiscard]] std::span<const WorkerCounters> counters() const { return counters_.workers(); }

  // True when it said so; false when it has ended; nothing when neither.
  [[nodiscard]] std::optional<bool> hear();
  void drain() const noexcept;
  void stop() const noexcept;
  // Waits for its end, which hear() has told. Why it was none to be expected; empty when it was.
  [[nodiscard]] std::string wait();

 private:
  CounterMemory counters_;
  UniqueFd channel_;
  pid_t pid_ = -1;
};

// What such a child finds: its descriptors by number, in the order in which they were handed over.
struct Inheritance {
  // Throws UsageError when they are not as many as the addresses and workers need.
  Inheritance(std::span<const int> fds, std::span<const ListenAddress> where, unsigned workers);

  UniqueFd channel;
  CounterMemory counters;
  std::vector<std::vector<Listener>> listeners;  // for each worker
};

}  // namespace closewait
