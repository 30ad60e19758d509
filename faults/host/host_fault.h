#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "record/host_fault.h"

namespace closewait {

class Guardian;

// A fault as a phase asks for it.
struct HostFaultPlan {
  HostFaultKind kind = HostFaultKind::kFreeze;
  Nanoseconds at{0};                     // from the start of the phase
  Nanoseconds length{0};                 // until it is undone; 0: what cannot be undone
  std::uint64_t spare = 0;               // few_descriptors: how many may still be opened
  std::optional<std::uint64_t> sockets;  // kill_sockets: how many; nothing: all that there are

  friend bool operator==(const HostFaultPlan&, const HostFaultPlan&) = default;
};

// A TCP connection by the target's side of it, as the kernel's tables have it.
struct HostSocket {
  std::uint8_t family = 0;
  Endpoint local;
  Endpoint remote;
  std::uint64_t cookie = 0;
};

// Whom a fault is done to: asked anew whenever it is needed, since processes and sockets come and
// go.
struct HostTarget {
  std::function<std::vector<pid_t>()> pids;  // a parent before its children
  // The connections that it has accepted, established still.
  std::function<Result<std::vector<HostSocket>>()> sockets;
  // Clients that it has turned away so far: refused, or ended before they had what they came for.
  std::function<std::uint64_t()> turned_away = [] { return 0; };
};

// One fault from its instant to its end. Whoever has it calls step() again and again, some
// milliseconds apart. undo() and the destructor leave nothing of it, and nor does the guardian when
// the rig is killed. Borrows target and guardian. One thread.
class OngoingFault {
 public:
  enum class State : std::uint8_t {
    kComing,  // not all of it is done yet
    kOn,      // it is, and stays so until it is undone
    kOver,    // it cannot be done, did not last, or there is no more to do
  };

  OngoingFault() = default;
  OngoingFault(const OngoingFault&) = delete;
  OngoingFault& operator=(const OngoingFault&) = delete;
  virtual ~OngoingFault() = default;

  // Does it or goes on with it, in a few milliseconds.
  [[nodiscard]] virtual State step() = 0;
  // What it came to: processes, sockets, undone and error; the rest is not known here.
  [[nodiscard]] virtual HostFault undo() = 0;
};

// A kind of fault: what a scenario, preflight and docs say of it.
struct HostFaultRow {
  HostFaultKind kind;
  std::string_view story;
  // Why it cannot be done to these processes, and what to grant; "" when it can. Of nobody: whether
  // it could be done to processes of this user.
  std::string (*why_not)(const std::vector<pid_t>& pids);
  std::unique_ptr<OngoingFault> (*make)(const HostFaultPlan& plan, const HostTarget& target,
                                        Guardian& guardian);
};

[[nodiscard]] const HostFaultRow& row_of(HostFaultKind kind);

}  // namespace closewait
