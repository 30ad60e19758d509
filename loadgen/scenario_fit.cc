#include "loadgen/scenario_fit.h"

#include <algorithm>

#include "faults/behaviour.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

// Why it cannot be played to this target; "" when it can.
std::string obstacle(const Behaviour& behaviour, const TargetSpec& target) {
  if (target.is_unix() && behaviour.needs.tcp) {
    return " resets, which a Unix socket has not; expected behaviours that end by closing";
  }
  const bool has_no_large =
      target.dialect == Dialect::kRaw && target.protocol && !target.protocol->large;
  if (has_no_large && behaviour.needs.response_bytes > 0) {
    return " needs a large response, and 'protocol' has no 'large'; expected large: {request: "
           "..., response: ...} there";
  }
  return "";
}

void refuse_in(const YamlNode& phase, const TargetSpec& target, Problems& problems) {
  const YamlEntry* clients = phase.find("clients");
  if (clients == nullptr) return;
  for (const YamlEntry& entry : clients->value.entries) {
    const Behaviour* behaviour = find_behaviour(entry.key);
    if (behaviour == nullptr) continue;
    const std::string why = obstacle(*behaviour, target);
    if (!why.empty()) problems.add(entry.place, in_quotes(entry.key) + why);
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

void refuse_what_does_not_fit(const YamlNode& root, const Scenario& scenario, Problems& problems) {
  refuse_sources(root, scenario, problems);
  if (const YamlEntry* warm_up = root.find("warm_up")) {
    refuse_in(warm_up->value, scenario.target, problems);
  }
  if (const YamlEntry* cycle = root.find("cycle")) {
    for (const YamlNode& phase : cycle->value.items) refuse_in(phase, scenario.target, problems);
  }
}

}  // namespace closewait
