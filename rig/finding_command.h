#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace closewait {

// The command that a scenario has run at the first finding (on_finding.run).
class FindingCommand {
 public:
  // `pid` replaces $PID in each word. What it writes goes to FOLDER/on_finding.log. No words: no
  // command.
  FindingCommand(std::vector<std::string> words, pid_t pid, const std::filesystem::path& folder);

  // Runs it and waits for its end, a minute at most; from the second call on it does nothing, nor
  // of a target that has ended or is not seen. What goes wrong is told on standard error: the run
  // goes on.
  void run_once();

 private:
  std::vector<std::string> words_;
  pid_t pid_;
  std::filesystem::path log_;
};

}  // namespace closewait
