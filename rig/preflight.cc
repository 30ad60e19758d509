#include "rig/preflight.h"

#include <algorithm>

#include "faults/clients/clients.h"
#include "loadgen/target_exchange.h"
#include "rig/one_client.h"

namespace closewait {
namespace {

constexpr Nanoseconds kPatience = std::chrono::seconds(5);

// The request that `asks` makes, by somebody polite.
PlayedClient ask_politely(const Behaviour& polite, const Behaviour& asks, const TargetSpec& spec,
                          const SocketAddress& address) {
  Behaviour row = polite;
  row.needs = asks.needs;
  Params params = default_params(polite);
  params.size = default_params(asks).size;
  params.requests = 2;
  params.timeout = kPatience;
  return play_one({.behaviour = &row, .params = params, .target = &spec, .address = address});
}

void find_response_bytes(Offer& offer, const TargetSpec& spec, const SocketAddress& address) {
  const PlayedClient played = ask_politely(kPolite, kRstMidResponse, spec, address);
  const bool whole = played.outcome == Outcome::kDelivered && !played.wrong_at;
  if (whole) offer.response_bytes = played.received;
}

void find_keep_alive(Offer& offer, const TargetSpec& spec, const SocketAddress& address) {
  const PlayedClient played = ask_politely(kPoliteKeepalive, kPoliteKeepalive, spec, address);
  const bool ended_after_one =
      played.outcome == Outcome::kPreempted && played.tally.response.count() == 1;
  offer.keep_alive = !ended_after_one;
}

bool any_needs(const Scenario& scenario, const auto& needs) {
  return std::ranges::any_of(scenario.behaviours(), [&](const Behaviour* behaviour) {
    return needs(behaviour->needs) &&
           !scenario.not_applicable.contains(std::string(behaviour->name));
  });
}

}  // namespace

Offer offer_of(const TargetSpec& spec, const SocketAddress& address) {
  Offer offer = offer_of(spec);
  offer.tcp = !address.is_unix();
  offer.net_admin = may_vanish();
  if (offer.large) find_response_bytes(offer, spec, address);
  find_keep_alive(offer, spec, address);
  return offer;
}

std::map<std::string, std::string> look_ahead(const Scenario& scenario,
                                              const std::vector<SocketAddress>& targets) {
  std::map<std::string, std::string> not_applicable = scenario.not_applicable;
  const TargetSpec& spec = scenario.target;
  Offer offer = offer_of(spec);
  offer.tcp = !targets.front().is_unix();
  offer.net_admin = may_vanish();
  // The rig's own path gives as much as it is asked for, and so does an echo.
  const bool may_be_small = spec.dialect == Dialect::kRaw ||
                            (spec.dialect == Dialect::kHttp && !spec.request.path.empty());
  if (may_be_small && offer.large &&
      any_needs(scenario, [](const Needs& needs) { return needs.response_bytes > 0; })) {
    find_response_bytes(offer, spec, targets.front());
  }
  if (any_needs(scenario, [](const Needs& needs) { return needs.keep_alive; })) {
    find_keep_alive(offer, spec, targets.front());
  }
  for (const Behaviour* behaviour : scenario.behaviours()) {
    const std::string why = obstacle(*behaviour, offer);
    if (!why.empty()) not_applicable.emplace(behaviour->name, why);
  }
  return not_applicable;
}

}  // namespace closewait
