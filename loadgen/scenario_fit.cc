#include "loadgen/scenario_fit.h"

#include <algorithm>

#include "faults/behaviour.h"
#include "faults/offer.h"
#include "loadgen/target_exchange.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

std::string_view name_in(const ClientMix& mix) { return mix.behaviour->name; }

// One that is optional is noted, and left out of the run.
void refuse_in(const YamlNode& node, const Phase& phase, Scenario& scenario, Problems& problems) {
  const YamlEntry* clients = node.find("clients");
  if (clients == nullptr) return;
  Offer offer = offer_of(scenario.target);
  offer.net_admin = may_vanish();
  for (const YamlEntry& entry : clients->value.entries) {
    const auto mix = std::ranges::find(phase.clients, entry.key, name_in);
    if (mix == phase.clients.end()) continue;
    const Behaviour* behaviour = mix->behaviour;
    const std::string why = obstacle(*behaviour, offer);
    if (why.empty()) continue;
    if (mix->optional) {
      scenario.not_applicable.emplace(behaviour->name, why);
    } else {
      problems.add(entry.place, in_quotes(entry.key) + " " + why);
    }
  }
}

void refuse_host_faults_in(const YamlNode& phase, const TargetSpec& target, Problems& problems) {
  const YamlEntry* host = phase.find("host");
  if (host == nullptr || !target.is_unix()) return;
  for (const YamlNode& fault : host->value.items) {
    const YamlEntry* entry = fault.find(name_of(HostFaultKind::kKillSockets));
    if (entry == nullptr) continue;
    problems.add(entry->place, in_quotes(entry->key) +
                                   " is of TCP, and the target is a Unix socket; expected freeze "
                                   "or few_descriptors");
  }
}

void refuse_sources(const YamlNode& root, const Scenario& scenario, Problems& problems) {
  const YamlEntry* load = root.find("load");
  const YamlEntry* entry = load != nullptr ? load->value.find("sources") : nullptr;
  if (entry == nullptr || scenario.target.addresses.empty()) return;
  const SocketAddress& target = scenario.target.addresses.front();
  if (target.is_unix()) {
    problems.add(entry->place,
                 "'sources' are addresses, and the target is a Unix socket, which has none to come "
                 "from; expected no sources");
    return;
  }
  const auto& sources = scenario.load.sources;
  const auto other = std::ranges::find_if(
      sources, [&](const SocketAddress& source) { return source.family() != target.family(); });
  if (other == sources.end()) return;
  problems.add(entry->place, "'sources' has " + other->ip() + ", from which there is no way to " +
                                 target.to_string() + "; expected " +
                                 (target.family() == AF_INET6 ? "IPv6" : "IPv4") + " addresses");
}

}  // namespace

void refuse_what_does_not_fit(const YamlNode& root, Scenario& scenario, Problems& problems) {
  refuse_sources(root, scenario, problems);
  const YamlEntry* warm_up = root.find("warm_up");
  if (warm_up != nullptr && scenario.warm_up) {
    refuse_in(warm_up->value, *scenario.warm_up, scenario, problems);
  }
  const YamlEntry* cycle = root.find("cycle");
  if (cycle == nullptr) return;
  const std::size_t phases = std::min(cycle->value.items.size(), scenario.cycle.size());
  for (std::size_t i = 0; i < phases; ++i) {
    refuse_in(cycle->value.items[i], scenario.cycle[i], scenario, problems);
    refuse_host_faults_in(cycle->value.items[i], scenario.target, problems);
  }
}

}  // namespace closewait
