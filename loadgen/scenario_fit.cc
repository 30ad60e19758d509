#include "loadgen/scenario_fit.h"

#include "faults/behaviour.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

// Why it cannot be played to this target; "" when it can.
std::string obstacle(const Behaviour& behaviour, const TargetSpec& target) {
  const bool on_unix = target.address && target.address->is_unix();
  if (on_unix && behaviour.needs.tcp) {
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

}  // namespace

void refuse_what_does_not_fit(const YamlNode& root, const TargetSpec& target, Problems& problems) {
  const YamlEntry* load = root.find("load");
  const YamlEntry* sources = load != nullptr ? load->value.find("sources") : nullptr;
  if (sources != nullptr && target.address && target.address->is_unix()) {
    problems.add(sources->place,
                 "'sources' are addresses, and the target is a Unix socket, which has none to come "
                 "from; expected no sources");
  }
  if (const YamlEntry* warm_up = root.find("warm_up")) {
    refuse_in(warm_up->value, target, problems);
  }
  if (const YamlEntry* cycle = root.find("cycle")) {
    for (const YamlNode& phase : cycle->value.items) refuse_in(phase, target, problems);
  }
}

}  // namespace closewait
