#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "faults/call_log.h"

namespace closewait {

// The system calls of one client, as its log has them with all bytes, to be made again by a plain
// loop: the least that the behaviour can cost. Waits are one poll() each, for what ended them.
class RawCalls {
 public:
  explicit RawCalls(const CallLog& log) : calls_(log.calls()) {}

  // Makes them against `target`, bound to `local`. False when the target did something else.
  [[nodiscard]] bool play(const SocketAddress& target, const SocketAddress& local) const;

 private:
  std::vector<Call> calls_;
};

}  // namespace closewait
