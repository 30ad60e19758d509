#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/random.h"
#include "faults/behaviour.h"
#include "faults/call_log.h"
#include "loadgen/scenario.h"
#include "record/outcome.h"
#include "record/tally.h"

namespace closewait {

// One client by itself, played on the caller's thread.
struct OneClient {
  const Behaviour* behaviour = nullptr;
  Params params;
  const TargetSpec* target = nullptr;  // the dialect that it speaks
  SocketAddress address;
  std::optional<SocketAddress> local{};  // what it binds; nothing leaves it to the kernel
  std::uint64_t choices = 0;             // seeds what it draws
  CallLog* log = nullptr;                // null: its calls are not noted
};

// What came of it.
struct PlayedClient {
  Outcome outcome{};
  ClientTally tally;
  std::uint64_t received = 0;             // bytes of the last response
  bool whole = false;                     // the last response
  std::optional<std::uint64_t> wrong_at;  // of the response
  error_code rig_error;                   // the rig's own, with which nothing was learnt
};

// Plays it to its end, which its own deadline brings at the latest. Throws SetupError when TLS
// cannot be set up.
[[nodiscard]] PlayedClient play_one(const OneClient& one);

}  // namespace closewait
