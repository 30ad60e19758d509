#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>

#include "base/unique_fd.h"
#include "faults/host/host_fault.h"

namespace closewait::testing {

// Tries until it holds, at most 10 s.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

// A process that does what it is told, one thing at a time, to have faults done to it. Owns it:
// ends it and the child it has started, and waits for it.
class ObedientProcess {
 public:
  ObedientProcess();
  ~ObedientProcess();
  ObedientProcess(const ObedientProcess&) = delete;
  ObedientProcess& operator=(const ObedientProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  // Whether it answers within so long.
  [[nodiscard]] bool answers(std::chrono::milliseconds at_most = std::chrono::seconds(10));
  // Opens a descriptor more: its errno, 0 when it could.
  [[nodiscard]] int open_another();
  // Starts a child that only waits.
  [[nodiscard]] pid_t start_child();

 private:
  [[nodiscard]] std::optional<int> tell(char what, std::chrono::milliseconds at_most);

  pid_t pid_ = -1;
  pid_t child_ = -1;
  UniqueFd link_;
  int unanswered_ = 0;
};

// The letter of its state; '-' when it has ended.
[[nodiscard]] char letter_of(pid_t pid);

// Steps until it is no longer coming.
[[nodiscard]] OngoingFault::State settle(OngoingFault& fault);

}  // namespace closewait::testing
