#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faults/host/guardian.h"
#include "faults/host/host_fault.h"

namespace closewait {

// The soft limit that leaves room for `spare` descriptors more. A limit is of their numbers, not of
// how many there are: `numbers`, in order, may have gaps. Pure.
[[nodiscard]] std::uint64_t limit_for(const std::vector<std::uint64_t>& numbers,
                                      std::uint64_t spare);

// Lowers the soft limit of descriptors of every process of the target. It counts as done when one
// of them was seen at its limit, or clients were turned away meanwhile: a server that meets EMFILE
// may close some at once, and is not seen at it then.
class FewDescriptors : public OngoingFault {
 public:
  FewDescriptors(const HostFaultPlan& plan, const HostTarget& target, Guardian& guardian);

  [[nodiscard]] State step() override;
  [[nodiscard]] HostFault undo() override;

 private:
  struct Limited {
    pid_t pid = 0;
    std::uint64_t full_at = 0;  // that many descriptors: it can open none
  };

  [[nodiscard]] bool limit(const HostProcess& process);
  void adopt(const HostProcess& child);
  void look_whether_full();
  [[nodiscard]] bool knows(const HostProcess& process) const;

  const HostTarget& target_;
  std::uint64_t spare_;
  UndoList limits_;
  std::vector<Limited> limited_;
  State state_ = State::kComing;
  bool was_full_ = false;
  std::uint64_t turned_away_before_ = 0;
  std::string error_;
};

[[nodiscard]] std::string why_not_few_descriptors(const std::vector<pid_t>& pids);

}  // namespace closewait
