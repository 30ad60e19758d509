#include "rig/show_again.h"

#include <fmt/format.h>

#include <algorithm>

#include "faults/clients/clients.h"
#include "loadgen/scenario_text.h"
#include "record/run.h"

namespace closewait {
namespace {

// As the first phase has it that does.
ClientMix mix_of(const Scenario& scenario, std::string_view behaviour) {
  for (const Phase& phase : scenario.cycle) {
    const auto found =
        clients_of(phase, [&](const Behaviour& each) { return each.name == behaviour; });
    if (!found.empty()) return found.front();
  }
  if (scenario.warm_up) {
    const auto found = clients_of(*scenario.warm_up,
                                  [&](const Behaviour& each) { return each.name == behaviour; });
    if (!found.empty()) return found.front();
  }
  return {.behaviour = &kPolite, .weight = 1, .params = default_params(kPolite)};
}

// What a client did not get is judged by what polite ones got.
bool is_compared(const Finding& finding) {
  return finding.kind == FindingKind::kLostResponse || finding.kind == FindingKind::kWrongResponse;
}

std::vector<ClientMix> clients_to_show(const Phase& phase, const Finding& finding,
                                       const Scenario& scenario, std::string_view culprit) {
  if (is_of_a_victim(finding)) {
    return clients_of(phase,
                      [&](const Behaviour& each) { return each.polite || each.name == culprit; });
  }
  std::vector<ClientMix> clients;
  if (is_compared(finding)) clients.push_back(mix_of(scenario, kPolite.name));
  clients.push_back(mix_of(scenario, finding.behaviour));
  for (ClientMix& each : clients) each.weight = 1;
  return clients;
}

}  // namespace

std::vector<ClientMix> clients_of(const Phase& phase,
                                  const std::function<bool(const Behaviour&)>& wanted) {
  std::vector<ClientMix> clients;
  std::ranges::copy_if(phase.clients, std::back_inserter(clients),
                       [&](const ClientMix& mix) { return wanted(*mix.behaviour); });
  return clients;
}

bool is_of_a_victim(const Finding& finding) {
  switch (finding.kind) {
    case FindingKind::kLostResponse:
    case FindingKind::kWrongResponse:
    case FindingKind::kInnocentClosed:
      return is_polite(finding.behaviour);
    default:
      return finding.kind == FindingKind::kBystanderHarm;
  }
}

std::uint64_t cycles_to_show(const Finding& finding) {
  switch (finding.kind) {
    case FindingKind::kMemoryGrowth:
      return 6;
    case FindingKind::kCrash:
    case FindingKind::kStuck:
    case FindingKind::kUnboundedBuffer:
    case FindingKind::kBusyLoop:
      return 2;
    default:
      return is_leak(finding.kind) && finding.confidence == "estimated" ? 3 : 1;
  }
}

std::vector<Setting> settings_to_show(const Finding& finding, const Scenario& scenario,
                                      std::string_view culprit) {
  std::vector<Setting> settings;
  if (is_of_a_victim(finding) ? culprit.empty() : finding.behaviour.empty()) return settings;
  for (const Phase& phase : scenario.cycle) {
    if (phase.kind == PhaseKind::kRest) continue;
    const auto clients = clients_to_show(phase, finding, scenario, culprit);
    if (clients.empty()) continue;
    settings.emplace_back("cycle." + phase.name + ".clients", clients_yaml(clients));
  }
  settings.emplace_back("repeat", std::to_string(cycles_to_show(finding)));
  return settings;
}

}  // namespace closewait
