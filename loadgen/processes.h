#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/unique_fd.h"
#include "loadgen/generator.h"
#include "loadgen/port_table.h"
#include "loadgen/process_link.h"
#include "loadgen/spread.h"

namespace closewait {

// A load that is played by several processes, each with its own limit of descriptors: it tells them
// the phases and adds up what they counted. A connection belongs to the worker that is its number
// modulo all workers of all processes, so the sequence is what it is in one process. Owns the
// processes, and ends them with itself; when this process is killed, the kernel ends them. They
// leave SIGINT and SIGTERM to this one. Borrows the scenario. Called by one thread.
//
// One that ends or does not answer is trouble(): it is named, it is not waited for, and what it
// counted after its last report is lost.
class Processes : public Generator {
 public:
  // Forks them: before any thread is started, and before any connection. Throws SetupError.
  struct Setup {
    const Scenario* scenario = nullptr;
    Spread spread;
    PortTable::Range ports;
  };
  explicit Processes(const Setup& setup);
  ~Processes() override;

  // Where to connect to, once that is known and before the first phase. With sources (the
  // scenario's, or the only one) the clients take their ports from a table, which is returned.
  [[nodiscard]] std::unique_ptr<PortTable> aim(const std::vector<SocketAddress>& targets,
                                               const std::vector<SocketAddress>& sources);

  // Which of the scenario's behaviours cannot happen, once that is known and before aim().
  void leave_out(const std::vector<bool>& behaviours);

  void begin(const Phase& phase) override;
  [[nodiscard]] bool idle() override;
  void cut() override;
  [[nodiscard]] Report report() override;
  [[nodiscard]] std::vector<pid_t> processes() const override;
  [[nodiscard]] std::string trouble() override;
  [[nodiscard]] int trouble_fd() const override { return ended_.get(); }

 private:
  struct Process {
    pid_t pid = -1;
    UniqueFd pidfd;
    ProcessLink link;
    bool lost = false;    // it plays no more
    bool waited = false;  // and is no more
  };

  void start(std::size_t index);
  // Gives all the same order; the answer of each that is not lost, in their order.
  std::vector<std::string> order(const std::string& line);
  void lose(Process& process, const std::string& why);
  [[nodiscard]] static std::string how_it_ended(Process& process);

  Setup setup_;
  SharedMemory memory_;
  std::size_t behaviours_;
  UniqueFd ended_;  // epoll of all pidfds
  std::vector<Process> processes_;
  std::string trouble_;
};

}  // namespace closewait
