#include <algorithm>
#include <array>

#include "faults/behaviour.h"
#include "faults/clients/clients.h"

namespace closewait {
namespace {

using Row = const Behaviour*;

constexpr std::array kControl{&kPolite, &kPoliteKeepalive, &kPoliteHeld};

constexpr std::array kResets{&kRstBeforeAccept, &kRstAfterConnect, &kRstMidRequest,
                             &kRstMidResponse,  &kRstUnread,       &kRstIdleKeepalive,
                             &kRstReuse,        &kFinThenRst};

constexpr std::array kSilent{&kHalfClose, &kHalfCloseEarly, &kHalfCloseIdle, &kShutRead,
                             &kSlowRead,  &kNeverRead,      &kSlowWrite,     &kSlowBody,
                             &kIdle,      &kIdleAfter,      &kVanish};

constexpr std::array kShapes{&kSplit,   &kOneByte, &kPipelineFlood, &kOversized,
                             &kGarbage, &kUrgent,  &kConnectChurn,  &kServerFirst};

constexpr std::array kOfTls{&kTlsSilent, &kTlsAbort, &kTlsNoCloseNotify};

constexpr std::array<BehaviourGroup, 5> kGroups{{{"Control", kControl},
                                                 {"Resets", kResets},
                                                 {"Half-close, slowness, silence", kSilent},
                                                 {"Shape and content", kShapes},
                                                 {"TLS", kOfTls}}};

constexpr std::size_t kBehaviours = [] {
  std::size_t sum = 0;
  for (const BehaviourGroup& group : kGroups) sum += group.rows.size();
  return sum;
}();

constexpr auto kCatalogue = [] {
  std::array<Row, kBehaviours> all{};
  auto* end = all.data();
  for (const BehaviourGroup& group : kGroups) end = std::ranges::copy(group.rows, end).out;
  return all;
}();

}  // namespace

std::span<const Behaviour* const> catalogue() { return kCatalogue; }

std::span<const BehaviourGroup> behaviour_groups() { return kGroups; }

std::span<const std::string_view> behaviour_names() {
  static const auto names = [] {
    std::array<std::string_view, kCatalogue.size()> all;
    std::ranges::transform(kCatalogue, all.begin(), &Behaviour::name);
    return all;
  }();
  return names;
}

const Behaviour* find_behaviour(std::string_view name) {
  const auto found = std::ranges::find(kCatalogue, name, &Behaviour::name);
  return found == kCatalogue.end() ? nullptr : *found;
}

}  // namespace closewait
