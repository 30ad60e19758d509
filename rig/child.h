#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace closewait {

// The target, started here: a process of its own process group without a shell, standard output
// and error going to a capped file. Owns the process by its pidfd and ends it and its group in the
// destructor (SIGTERM, then SIGKILL after a moment); if the rig itself is killed, the kernel ends
// it. One that is to be kept is not ended, and writes into the file itself, without a cap. Start
// it before any connection is open.
class Child {
 public:
  struct Setup {
    std::vector<std::string> command;
    std::filesystem::path log;
    bool keep = false;
  };

  // Throws SetupError when the program cannot be started. A name without a slash is looked for
  // beside the rig's own program first, then in PATH.
  explicit Child(const Setup& setup);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable when the process has ended.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  // The status as waitpid gives it, once the process has ended.
  [[nodiscard]] std::optional<int> status();
  // The last lines it wrote.
  [[nodiscard]] std::vector<std::string> log_tail(std::size_t lines);

 private:
  void end();
  void finish_log();
  [[nodiscard]] bool wait_for(Nanoseconds at_most);

  std::filesystem::path log_;
  bool keep_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd stop_log_;  // eventfd: told when nobody will write any more
  std::optional<int> status_;
  std::thread log_pump_;
};

}  // namespace closewait
