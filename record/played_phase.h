#pragma once

#include <cstdint>
#include <string>

#include "record/lines.h"

namespace closewait {

// Whether the resets of a phase happened: what its clients say of themselves beside what the
// kernel counted in the rig's network namespace meanwhile. The kernel's are of everybody there, a
// target on this machine and its answers to the dead included, so they are lower bounds: each
// reset that a client confirmed is one that was sent, be it by close() or by connect(AF_UNSPEC),
// which is no abort.
struct ResetProof {
  std::uint64_t intended = 0;   // by clients whose behaviour ends so
  std::uint64_t confirmed = 0;  // of those
  std::uint64_t sent = 0;       // by the kernel, as the next two
  std::uint64_t aborts_on_data = 0;
  std::uint64_t aborts_on_close = 0;
  bool comparable = false;  // see PhaseLine

  friend bool operator==(const ResetProof&, const ResetProof&) = default;
};

// A phase with clients, as the lines of it add up.
struct PlayedPhase {
  std::string phase{};
  PhaseKind kind = PhaseKind::kStorm;
  std::uint64_t cycle = 0;
  std::uint64_t planned = 0;
  std::uint64_t together = 1;       // see PhaseLine
  std::string together_lacks{};     // the same
  std::uint64_t host_faults = 0;    // the same
  bool control = false;             // only polite clients
  std::uint64_t polite_asked = 0;   // polite clients that were begun
  std::uint64_t polite_served = 0;  // of these, who got all that they were owed
  // The most of the target's memory that one of the clients took which leave a response unread,
  // over what it had at the rest before; and how many of them there were in that second.
  double unread_bytes = 0;
  std::uint64_t unread_clients = 0;
  double began = 0;
  double ended = 0;  // 0: not yet
  ResetProof resets{};

  friend bool operator==(const PlayedPhase&, const PlayedPhase&) = default;
};

}  // namespace closewait
