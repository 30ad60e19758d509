#include "rig/try_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/random.h"
#include "base/suggest.h"
#include "loadgen/target_exchange.h"
#include "rig/clients_command.h"
#include "rig/dialect_probe.h"
#include "rig/one_client.h"
#include "rig/preflight.h"
#include "rig/tls_probe.h"
#include "rig/try_report.h"

namespace closewait {
namespace {

constexpr std::string_view kOfTarget = "target.";

bool is_of_target(const Setting& setting) { return setting.first.starts_with(kOfTarget); }

void set_parameter(const Behaviour& behaviour, const Setting& setting, Params& params) {
  const auto& [name, value] = setting;
  const auto known = std::ranges::find(behaviour.parameters, name, &Parameter::name);
  if (known == behaviour.parameters.end()) {
    std::vector<std::string_view> names;
    for (const Parameter& each : behaviour.parameters) names.push_back(each.name);
    const std::string near = did_you_mean(name, names);
    throw UsageError(
        fmt::format("--set {}: {} has no such parameter{}", name, behaviour.name,
                    near.empty() ? fmt::format("; expected {}", fmt::join(names, ", ")) : near));
  }
  if (set_param(params, *known, value)) {
    throw UsageError(
        fmt::format("--set {}: '{}'; expected {}", name, value, example_of(known->kind)));
  }
}

Params params_of(const Behaviour& behaviour, const TryOptions& options) {
  Params params = default_params(behaviour);
  for (const Setting& each : options.settings) {
    if (!is_of_target(each)) set_parameter(behaviour, each, params);
  }
  if (options.timeout) params.timeout = *options.timeout;
  return params;
}

// As of a run without a file, so that the target is described and refused in one way. Its clients
// are polite: who can be played anywhere.
RunOptions run_options_of(const TryOptions& options) {
  if (!SocketAddress::parse(options.address)) {
    throw UsageError(fmt::format("'{}': expected {}", options.address, kAddressExample));
  }
  RunOptions run;
  run.target = options.address;
  run.quick = {.target = options.address, .mix = "polite", .rate = "1/s", .length = "1s"};
  run.allow_remote = options.allow_remote;
  run.seed = options.seed ? *options.seed : std::random_device{}();
  if (!options.dialect.empty()) run.settings.emplace_back("target.dialect", options.dialect);
  if (options.tls) run.settings.emplace_back("target.tls", "true");
  std::ranges::copy_if(options.settings, std::back_inserter(run.settings), is_of_target);
  return run;
}

// The scenario in which only this client comes.
Scenario scenario_of(Scenario scenario, const Behaviour& behaviour, const Params& params) {
  Phase storm = scenario.cycle.front();
  storm.clients = {{.behaviour = &behaviour, .weight = 1, .params = params}};
  scenario.warm_up.reset();
  scenario.cycle = {storm};
  return scenario;
}

// What it needs and this target, as it was described, can never give, is bad input; what was looked
// for and not found is not.
void refuse_what_cannot_happen(const Scenario& scenario, const Behaviour& behaviour,
                               const SocketAddress& address) {
  const std::string never = obstacle(behaviour, offer_of(scenario.target));
  if (!never.empty()) {
    const bool not_asked = behaviour.needs.tls && !scenario.target.tls;
    throw UsageError(fmt::format("{} does not apply to {}: it {}{}", behaviour.name,
                                 address.to_string(), never, not_asked ? "; expected --tls" : ""));
  }
  const auto missing = look_ahead(scenario, {address});
  if (const auto why = missing.find(std::string(behaviour.name)); why != missing.end()) {
    throw SetupError(fmt::format("{} does not apply to {}: it {}", behaviour.name,
                                 address.to_string(), why->second));
  }
}

// Why there was no connection: the last call that says so.
[[noreturn]] void tell_refused(const Tried& tried) {
  std::string why = "it did not take the connection in time";
  for (const Call& call : tried.log.calls()) {
    if (call.name == "connect" && call.error != 0 && call.error != EINPROGRESS) {
      why = describe(errno_error(call.error));
    }
    if (call.what == "SO_ERROR") why = call.detail;
  }
  throw SetupError(fmt::format("{}: connect: {}", tried.client.address.to_string(), why));
}

ExitStatus tell(const Tried& tried, bool json) {
  const PlayedClient& played = tried.played;
  if (played.rig_error) {
    throw SetupError("the rig itself failed: " + describe(played.rig_error));
  }
  if (played.outcome == Outcome::kRefused) tell_refused(tried);
  if (json) {
    fmt::print("{}\n", json_of(tried).dump(2));
  } else {
    fmt::print("{}", text_of(tried));
  }
  const Got got = got_of(*tried.client.behaviour, played);
  const bool good =
      played.outcome == Outcome::kDelivered && got != Got::kPart && got != Got::kWrong;
  return good ? ExitStatus::kPass : ExitStatus::kFail;
}

}  // namespace

ExitStatus try_command(const TryOptions& options) {
  const Behaviour& behaviour = named_behaviour(options.behaviour);
  const Params params = params_of(behaviour, options);
  RunOptions run = run_options_of(options);
  ChosenScenario chosen = choose_scenario(run);
  find_dialect(run, chosen);
  const Scenario scenario = scenario_of(chosen.scenario, behaviour, params);
  const SocketAddress address = *scenario.target.address();
  refuse_what_cannot_happen(scenario, behaviour, address);
  if (scenario.target.tls) probe_tls(*scenario.target.tls, {address});
  CallLog log;
  const OneClient client{.behaviour = &behaviour,
                         .params = params,
                         .target = &scenario.target,
                         .address = address,
                         .choices = hash(*run.seed, 0),
                         .log = &log};
  PlayedClient played;
  const Tried tried{.client = client, .played = played, .log = log, .seed = *run.seed};
  played = play_one(client);
  return tell(tried, options.json);
}

}  // namespace closewait
