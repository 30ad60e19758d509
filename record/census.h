#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "record/sample.h"

namespace closewait {

// The state of a target's socket that is in no dump of the kernel's tables: it is over for the
// protocol and lives only as long as a descriptor holds it.
inline constexpr const char* kDeadState = "DEAD";
// The state of a socket that no descriptor of the target stands for: not accepted, or closed by
// the target and not yet by the protocol. The target does not hold it.
inline constexpr const char* kUnheldState = "UNHELD";

// Connections of one behaviour whose server side was not destroyed by the end of a rest.
struct Outstanding {
  std::string behaviour{};
  bool abandoned = false;  // the rig reset them (a time-out, the phase's end): not the behaviour's
                           // own end
  // They went without a word, and the target has not promised when it notices: no leak.
  bool untold = false;
  std::uint64_t count = 0;
  std::uint64_t confirmed = 0;                    // of them, those that the rest before saw too
  std::vector<std::uint64_t> numbers{};           // the first few connection numbers
  std::map<std::string, std::uint64_t> states{};  // of the target's socket

  friend bool operator==(const Outstanding&, const Outstanding&) = default;
};

// The full look at the target, in rests only.
struct Census {
  double t = 0;              // seconds since the run began
  std::uint64_t cycle = 0;   // storms before this rest; 0 is the rest after warm-up
  std::uint64_t served = 0;  // connections opened so far
  std::map<std::string, std::uint64_t> served_by_behaviour{};
  Sample sample{};
  Sample rig{};  // the same look at the rig itself: all its processes
  std::map<std::string, std::uint64_t> fds_by_kind{};  // socket, pipe, file, eventfd, ...
  std::map<std::string, std::uint64_t>
      sockets_by_state{};          // of the target's port, the target's side
  std::uint64_t dead_sockets = 0;  // TCP sockets held by a descriptor that are in no dump
  std::uint64_t epoll_registrations = 0;
  std::uint64_t epoll_ghosts = 0;  // of these, whose descriptor is closed: a duplicate holds them
  double busy_cores = 0;           // CPU time of the target in `quiet`, in cores
  double queue_waited = 0;         // seconds of the rest, up to its end, in which the listener's
                                   // queue was never empty
  // Of freed memory that these keep before they use it again (AddressSanitizer), in bytes.
  std::uint64_t quarantine = 0;
  std::uint64_t rig_quarantine = 0;
  bool feed_available = false;    // destroy events were seen in full up to this rest
  std::uint64_t events_lost = 0;  // destroy events that the feed dropped since the last rest
  bool settled = false;           // nothing moved for `quiet` before the census
  std::vector<Outstanding> outstanding{};

  [[nodiscard]] std::uint64_t outstanding_total() const;

  friend bool operator==(const Census&, const Census&) = default;
};

}  // namespace closewait
