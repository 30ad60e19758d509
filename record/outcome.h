#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace closewait {

// Did the behaviour happen? Exactly one for each connection that was tried.
enum class Outcome : std::uint8_t {
  kDelivered,  // it happened, to its end
  kRefused,    // the target did not take the connection
  kPreempted,  // the target ended the connection first
  kTimedOut,   // its own deadline came first
  kCut,        // the phase ended first
};

inline constexpr std::array<std::string_view, 5> kOutcomeNames{"delivered", "refused", "preempted",
                                                               "timed_out", "cut"};
inline constexpr std::size_t kOutcomes = kOutcomeNames.size();

[[nodiscard]] constexpr std::size_t index_of(Outcome outcome) {
  return static_cast<std::size_t>(outcome);
}
[[nodiscard]] constexpr std::string_view name_of(Outcome outcome) {
  return kOutcomeNames[index_of(outcome)];
}

}  // namespace closewait
