#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace closewait {

// One thing wrong with the target. The order of the kinds is their precedence: the first that
// explains a thing names it.
enum class FindingKind : std::uint8_t {
  kCrash,
  kStuck,
  kCloseWait,
  kGhostRegistration,
  kFdLeak,
  kLingering,
  kThreadLeak,
  kProcessLeak,
  kMemoryGrowth,
  kUnboundedBuffer,
  kBusyLoop,
  kLostResponse,
  kWrongResponse,
  kInnocentClosed,
  kBystanderHarm,
};

inline constexpr std::array<std::string_view, 15> kFindingKindNames{
    "crash",     "stuck",         "close-wait",     "ghost-registration", "fd-leak",
    "lingering", "thread-leak",   "process-leak",   "memory-growth",      "unbounded-buffer",
    "busy-loop", "lost-response", "wrong-response", "innocent-closed",    "bystander-harm"};

[[nodiscard]] constexpr std::string_view name_of(FindingKind kind) {
  return kFindingKindNames[static_cast<std::size_t>(kind)];
}

// Something of the target's stays that nobody uses.
[[nodiscard]] constexpr bool is_leak(FindingKind kind) {
  return kind >= FindingKind::kCloseWait && kind <= FindingKind::kMemoryGrowth &&
         kind != FindingKind::kLingering;
}

// What `per_connection` counts.
[[nodiscard]] constexpr std::string_view unit_of(FindingKind kind) {
  switch (kind) {
    case FindingKind::kGhostRegistration:
      return "registrations";
    case FindingKind::kThreadLeak:
      return "threads";
    case FindingKind::kProcessLeak:
      return "processes";
    case FindingKind::kMemoryGrowth:
    case FindingKind::kUnboundedBuffer:
      return "bytes";
    default:
      return "descriptors";
  }
}

struct Finding {
  FindingKind kind = FindingKind::kCrash;
  std::string behaviour{};        // the client that causes it; "" when that is not known
  std::uint64_t connections = 0;  // known one by one to have left or met it; 0 where only fds were
                                  // counted
  double per_connection = 0;  // unit_of(kind), a connection of that behaviour (of all where it is
                              // not known); 0 where it has no size
  std::string confidence{};   // "exact" (by identity) or "estimated" (by counts)
  std::vector<std::string> evidence{};  // sentences, the most telling first
  std::string again{};                  // the command that shows it again

  friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace closewait
