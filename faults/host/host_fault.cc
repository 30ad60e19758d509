#include "faults/host/host_fault.h"

#include <array>

#include "faults/host/few_descriptors.h"
#include "faults/host/freeze.h"
#include "faults/host/kill_sockets.h"

namespace closewait {
namespace {

template <class Fault>
std::unique_ptr<OngoingFault> make(const HostFaultPlan& plan, const HostTarget& target,
                                   Guardian& guardian) {
  return std::make_unique<Fault>(plan, target, guardian);
}

// In the order of HostFaultKind.
constexpr std::array<HostFaultRow, kHostFaultNames.size()> kRows{
    HostFaultRow{HostFaultKind::kFreeze,
                 "Every process of the target stands still for a while (SIGSTOP, then SIGCONT), as "
                 "in a paused container or a long stop of a collector: connections pile up in its "
                 "queue, and all of them wake it at once.",
                 why_not_freeze, make<Freeze>},
    HostFaultRow{HostFaultKind::kFewDescriptors,
                 "The target may open hardly any descriptor more for a while (its soft limit, then "
                 "the old one again): accept meets EMFILE, and the connection stays in the queue.",
                 why_not_few_descriptors, make<FewDescriptors>},
    HostFaultRow{HostFaultKind::kKillSockets,
                 "The kernel ends connections that the target has accepted, as `ss --kill` does: "
                 "the target meets ECONNABORTED on a descriptor that it has to close still, its "
                 "client a reset.",
                 why_not_kill_sockets, make<KillSockets>},
};

}  // namespace

const HostFaultRow& row_of(HostFaultKind kind) { return kRows[static_cast<std::size_t>(kind)]; }

}  // namespace closewait
