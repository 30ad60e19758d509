#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace closewait::testing {

// A new folder below the one for temporary files; removed with this object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// One of the built programs (of the folder $CLOSEWAIT_BIN), or one by its absolute path, in a
// process of its own, started in `folder`, where its output is kept. Owns the process: ends it,
// when it still runs, and waits.
class Program {
 public:
  Program(std::vector<std::string> command, const std::filesystem::path& folder);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  // Its exit status, 128 and the signal's number when one ended it; nothing when it still runs
  // after so long.
  [[nodiscard]] std::optional<int> wait(std::chrono::seconds at_most);
  [[nodiscard]] std::string output() const;  // so far
  [[nodiscard]] std::string errors() const;

 private:
  std::filesystem::path output_;
  std::filesystem::path errors_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<int> status_;
};

[[nodiscard]] std::string text_of(const std::filesystem::path& path);

// Asks again and again, for half a minute at most.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

// No such process, or a dead one that nobody has looked at.
[[nodiscard]] bool is_gone(pid_t pid);

}  // namespace closewait::testing
