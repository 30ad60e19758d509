#include <algorithm>
#include <array>

#include "faults/behaviour.h"
#include "faults/clients/clients.h"

namespace closewait {
namespace {

// In the order in which they are told of: the control, resets, half-close and slowness, shape and
// content, TLS.
constexpr std::array kCatalogue{
    &kPolite,           &kPoliteKeepalive, &kPoliteHeld,     &kRstBeforeAccept,
    &kRstAfterConnect,  &kRstMidRequest,   &kRstMidResponse, &kRstUnread,
    &kRstIdleKeepalive, &kRstReuse,        &kFinThenRst,     &kHalfClose,
    &kHalfCloseEarly,   &kHalfCloseIdle,   &kShutRead,       &kSlowRead,
    &kNeverRead,        &kSlowWrite,       &kSlowBody,       &kIdle,
    &kIdleAfter,        &kVanish,          &kSplit,          &kOneByte,
    &kPipelineFlood,    &kOversized,       &kGarbage,        &kUrgent,
    &kConnectChurn,     &kServerFirst,     &kTlsSilent,      &kTlsAbort,
    &kTlsNoCloseNotify,
};

}  // namespace

std::span<const Behaviour* const> catalogue() { return kCatalogue; }

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
