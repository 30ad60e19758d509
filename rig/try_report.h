#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "faults/call_log.h"
#include "loadgen/scenario.h"
#include "rig/one_client.h"

namespace closewait {

// One client that was played, with all that is to be told of it. Borrows everything.
struct Tried {
  const OneClient& client;
  const PlayedClient& played;
  const CallLog& log;
  std::uint64_t seed;
};

// What became of what a client was owed.
enum class Got : std::uint8_t {
  kNothingOwed,
  kAll,
  kEnd,    // of the connection, which was as right as a response
  kPart,   // or nothing of it
  kWrong,  // other bytes
};
[[nodiscard]] Got got_of(const Behaviour& behaviour, const PlayedClient& played);

// Who, with which parameters, to whom; the calls as a table, with times in milliseconds from the
// first on; then how it ended, its proof, what it was owed, and the row's story.
[[nodiscard]] std::string text_of(const Tried& tried);
[[nodiscard]] nlohmann::ordered_json json_of(const Tried& tried);

}  // namespace closewait
