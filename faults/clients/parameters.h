#pragma once

#include <array>

#include "faults/behaviour.h"

namespace closewait {

// The parameters that several behaviours have, for their rows.

using Kind = Parameter::Kind;

constexpr Parameter size_of(std::string_view fallback) {
  return {"size", Kind::kBytes, &Params::size, fallback, "bytes of response to ask for"};
}
constexpr Parameter timeout_of(std::string_view fallback) {
  return {"timeout", Kind::kDuration, &Params::timeout, fallback,
          "from its start to its own deadline"};
}
constexpr Parameter hold_of(std::string_view fallback) {
  return {"hold", Kind::kDuration, &Params::hold, fallback,
          "stays so long, unless the target ends it"};
}
constexpr Parameter requests_of(std::string_view fallback) {
  return {"requests", Kind::kCount, &Params::requests, fallback,
          "one after another on its connection"};
}
// Where a request is cut.
constexpr Parameter cut_of() {
  return {"bytes", Kind::kBytes, &Params::bytes, "0B",
          "of the request before the cut; 0B: each client draws its own"};
}

// A receive buffer that holds little of it.
inline constexpr std::uint64_t kSmallWindow = 16 * 1024;

// The least response in whose middle a client can do something: more than a small receive window
// and what a send buffer begins with. What they ask for is more than loopback takes for a client
// that does not read.
inline constexpr std::uint64_t kBulk = 256 * 1024;

}  // namespace closewait
