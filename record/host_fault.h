#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace closewait {

// What can be done to the target's process, beside what clients do to it.
enum class HostFaultKind : std::uint8_t { kFreeze, kFewDescriptors, kKillSockets };
inline constexpr std::array<std::string_view, 3> kHostFaultNames{"freeze", "few_descriptors",
                                                                 "kill_sockets"};

[[nodiscard]] constexpr std::string_view name_of(HostFaultKind kind) {
  return kHostFaultNames[static_cast<std::size_t>(kind)];
}

// A fault that a phase asked for, as it went; told when it is over.
struct HostFault {
  HostFaultKind fault = HostFaultKind::kFreeze;
  std::string phase{};
  std::uint64_t cycle = 0;
  double at = 0;                // seconds since the run began: all of it was done
  double until = 0;             // it was undone
  std::uint64_t processes = 0;  // it was done to
  std::uint64_t sockets = 0;    // it killed
  bool undone = false;  // nothing of it is left; a killed socket is gone, and leaves nothing
  std::string error{};  // why it does not count as done; "" when it went as asked

  [[nodiscard]] bool is_done() const { return error.empty() && undone; }

  friend bool operator==(const HostFault&, const HostFault&) = default;
};

}  // namespace closewait
