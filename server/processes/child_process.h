#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "server/connections/listener.h"
#include "server/processes/counter_memory.h"

namespace closewait {

// How to start a process that serves a part of what this one listens on.
struct ChildCommand {
  std::string program;
  std::vector<std::string> arguments;  // without the program's name
  unsigned workers = 1;
};

// One more process of this server, which serves with the sockets and counts in the memory that it
// inherits. Owns the process, by its pidfd, the end here of a channel between the two, and the
// counters. The child says on the channel that it serves, and is told there what to do: signals
// may come to it from anywhere, to a whole group say. One thread.
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
  // Readable when hear() has something to say.
  [[nodiscard]] int channel() const noexcept { return channel_.get(); }
  // Readable when it has ended.
  [[nodiscard]] int end() const noexcept { return pidfd_.get(); }
  [[nodiscard]] std::span<const WorkerCounters> counters() const { return counters_.workers(); }

  // Whether it said that it serves.
  [[nodiscard]] bool hear() const noexcept;
  void drain() const noexcept;
  void stop() const noexcept;
  void kill() const noexcept;
  // Once it has ended. Why that was not to be expected; empty when it was.
  [[nodiscard]] std::string wait();

 private:
  void say(char word) const noexcept;

  CounterMemory counters_;
  UniqueFd channel_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

// What a child is told: one byte each.
inline constexpr char kDrainWord = 'd';
inline constexpr char kStopWord = 's';

// What such a child finds: its descriptors by number, in the order in which they were handed over.
struct Inheritance {
  // Throws UsageError when they are not as many as the addresses and workers need.
  Inheritance(std::span<const int> fds, std::span<const ListenAddress> where, unsigned workers);

  UniqueFd channel;
  CounterMemory counters;
  std::vector<std::vector<Listener>> listeners;  // for each worker
};

}  // namespace closewait
