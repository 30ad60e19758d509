#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/unique_fd.h"
#include "loadgen/scenario.h"
#include "observe/observer.h"
#include "observe/target.h"
#include "rig/child.h"

namespace closewait {

// "127.0.0.1:7000, 127.0.0.2:7000".
[[nodiscard]] std::string list_of(const std::vector<SocketAddress>& addresses);

// The target of a run: its addresses, its processes and the look at them. Started here as a child
// (and ended with this object) or running already. Owns the child, a pidfd of the first process
// and the observer.
class TargetProcess {
 public:
  struct Setup {
    const TargetSpec* spec = nullptr;
    std::filesystem::path log;  // of a started one
    bool keep = false;          // leave a started one running
    int interrupt_fd = -1;      // gives up waiting for it to listen when readable
    Nanoseconds patience{0};    // how long one that runs already may take to listen
  };

  // Starts or finds the target. Throws SetupError when it cannot be started, does not come to
  // listen or does not run.
  explicit TargetProcess(const Setup& setup);

  // One at least.
  [[nodiscard]] const std::vector<SocketAddress>& addresses() const { return addresses_; }
  [[nodiscard]] const std::vector<pid_t>& roots() const { return roots_; }
  // The first of them; 0 when they cannot be seen.
  [[nodiscard]] pid_t root() const { return roots_.empty() ? 0 : roots_.front(); }
  [[nodiscard]] std::string command_line() const;
  [[nodiscard]] std::string build_id() const;
  // Null when its processes cannot be seen; why_unseen() says why.
  [[nodiscard]] Observer* observer() { return observer_ ? &*observer_ : nullptr; }
  [[nodiscard]] const std::string& why_unseen() const { return why_unseen_; }

  // Readable when the process has ended; -1 when it cannot be seen.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  // Ends what was started here.
  void end() { child_.reset(); }
  // The child, when it was started here.
  [[nodiscard]] Child* child() { return child_.get(); }

 private:
  void start(const Setup& setup);
  void find(const Setup& setup);
  [[nodiscard]] std::optional<Target> find_listener(const Setup& setup);
  void look_at(const std::vector<pid_t>& roots);
  void find_behind_unix();
  [[nodiscard]] std::vector<SocketAddress> wait_until_it_listens(const Setup& setup);
  void wait_until_it_accepts(const Setup& setup, const SocketAddress& address);
  void wait_for_child(const Setup& setup);

  std::vector<SocketAddress> addresses_;
  std::vector<pid_t> roots_;
  std::unique_ptr<Child> child_;
  UniqueFd pidfd_;
  std::optional<Observer> observer_;
  std::string why_unseen_;
};

}  // namespace closewait
