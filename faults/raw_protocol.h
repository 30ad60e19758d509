#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/raw_pattern.h"

namespace closewait {

// A protocol that the user describes, of requests and responses: plain data. A scenario reads it
// and checks that every response can end and can be right.

// How the end of a response is known, and what it begins with.
struct RawFraming {
  enum class Kind : std::uint8_t { kBytes, kUntil, kLengthPrefix, kPattern };
  struct Prefix {
    std::size_t size = 0;  // 1, 2 or 4
    bool big_endian = true;
  };

  Kind kind = Kind::kBytes;
  std::uint64_t bytes = 0;                    // of kBytes: so many
  std::string until;                          // of kUntil: its last bytes
  Prefix prefix;                              // of kLengthPrefix: counts the bytes behind it
  std::shared_ptr<const RawPattern> pattern;  // of kPattern
  std::string starts;  // behind the prefix, if there is one; "" is not checked
};

struct RawStep {
  std::string request;  // "" when the target speaks first
  RawFraming response;
};

struct RawProtocol {
  std::vector<RawStep> opening;  // hello and login, once after connect
  RawStep usual;
  std::optional<RawStep> large;  // asks for much
};

// No response is followed for longer: beyond it the target is wrong. Nothing of it is kept.
inline constexpr std::uint64_t kLongestRawResponse = 256 * 1024 * 1024;
// Of `until` and of `starts`.
inline constexpr std::size_t kLongestRawMark = 256;
// What a connection sends up to its first response, all in all: well below what Client::send
// leaves unanswered.
inline constexpr std::size_t kMostRawRequestBytes = 32 * 1024;
inline constexpr std::size_t kMostRawLogins = 16;

}  // namespace closewait
