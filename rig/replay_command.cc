#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/units.h"
#include "loadgen/plan.h"
#include "loadgen/replay.h"
#include "rig/options.h"
#include "rig/target_process.h"
#include "rig/tls_probe.h"

namespace closewait {
namespace {

using Json = nlohmann::ordered_json;

// A connection of the run, with all that the plan says of it.
struct Found {
  PlaceInRun place;
  PlannedConnection connection;
  const ClientMix* mix = nullptr;
};

Found find_connection(const Scenario& scenario, std::uint64_t number) {
  const auto place = place_of(scenario, number);
  if (!place) {
    const std::uint64_t most = numbers_of(scenario);
    throw UsageError(fmt::format("--connection {}: the plan has {} connections; expected {}",
                                 number, most,
                                 most == 0 ? "none" : fmt::format("0 to {}", most - 1)));
  }
  PhasePlan plan({.phase = place->phase,
                  .arrivals = scenario.load.arrivals,
                  .seed = scenario.seed,
                  .first_number = place->first_number});
  // Without a plan there is no instant; who it is and what it chooses depends on its number.
  PlannedConnection connection = plan.of(number);
  while (const auto next = plan.next()) {
    if (next->number != number) continue;
    connection = *next;
    break;
  }
  return {*place, connection, &place->phase->clients[connection.mix]};
}

// The rig's own failure has no outcome.
std::optional<Outcome> outcome_of(const ClientCounts& counts) {
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    if (counts.outcomes[i] > 0) return static_cast<Outcome>(i);
  }
  return std::nullopt;
}

std::string outcome_text(const ClientCounts& counts) {
  const auto outcome = outcome_of(counts);
  return outcome ? std::string(name_of(*outcome)) : "rig_error";
}

Json json_of(const Scenario& scenario, const Found& found, const Replayed& replayed) {
  const auto& [place, connection, mix] = found;
  Json json{{"connection", connection.number},
            {"seed", scenario.seed},
            {"phase", place.phase->name},
            {"cycle", place.cycle},
            {"planned_s", nullptr},
            {"behaviour", mix->behaviour->name},
            {"parameters", Json::object()},
            {"choices", fmt::format("{:016x}", connection.choices)}};
  if (!place.phase->rate.unbounded) json["planned_s"] = to_seconds(connection.offset);
  for (const Parameter& each : mix->behaviour->parameters) {
    json["parameters"][std::string(each.name)] = param_text(mix->params, each);
  }
  const ClientTally& tally = replayed.tally;
  json["outcome"] = outcome_text(tally.counts);
  json["wrong"] = tally.counts.wrong > 0;
  json["end_proven"] = tally.counts.confirmed > 0;
  json["took_s"] = to_seconds(replayed.took);
  json["connect_s"] = nullptr;
  json["response_s"] = nullptr;
  if (tally.connect.count() > 0) json["connect_s"] = to_seconds(tally.connect.max());
  if (tally.response.count() > 0) json["response_s"] = to_seconds(tally.response.max());
  return json;
}

void print_found(const Scenario& scenario, const Found& found) {
  const auto& [place, connection, mix] = found;
  fmt::print("connection {} of {}, seed {}: {}{}, ", connection.number, numbers_of(scenario),
             scenario.seed, place.phase->name,
             place.cycle > 0 ? fmt::format(" of cycle {}", place.cycle) : "");
  if (place.phase->rate.unbounded) {
    fmt::print("no instant is planned\n");
  } else {
    fmt::print("planned {:.6f}s after its start\n", to_seconds(connection.offset));
  }
  std::string parameters;
  for (const Parameter& each : mix->behaviour->parameters) {
    parameters += fmt::format(" {}={}", each.name, param_text(mix->params, each));
  }
  fmt::print("{}{}, choices {:016x}\n  {}\n", mix->behaviour->name, parameters, connection.choices,
             mix->behaviour->story);
}

void print_replayed(const Replayed& replayed) {
  const ClientTally& tally = replayed.tally;
  fmt::print("{} after {}{}", outcome_text(tally.counts), brief_duration(replayed.took),
             tally.counts.wrong > 0 ? ", with other bytes than owed" : "");
  if (tally.connect.count() > 0) {
    fmt::print("; connected in {}", brief_duration(tally.connect.max()));
  }
  // What timed out is recorded too, at its deadline.
  if (tally.response.count() > 0 && tally.counts.of(Outcome::kTimedOut) == 0) {
    fmt::print("; whole responses: {}, the slowest after {}", tally.response.count(),
               brief_duration(tally.response.max()));
  }
  fmt::print("; its end is {}\n", tally.counts.confirmed > 0 ? "proven" : "not proven");
}

}  // namespace

void check_connection(const Scenario& scenario, const RunOptions& options) {
  if (!scenario.seed_given) {
    throw UsageError("--connection: the plan depends on the seed; expected --seed N of the run");
  }
  if (!options.out.empty() || !options.name.empty() || options.metrics || options.repeat > 1) {
    throw UsageError(
        "--connection plays one connection, once, and leaves no results; expected it without "
        "--out, --name, --metrics and --repeat");
  }
  static_cast<void>(find_connection(scenario, *options.connection));
}

ExitStatus replay_command(const Scenario& scenario, const RunOptions& options) {
  const Found found = find_connection(scenario, *options.connection);
  TargetProcess target({.spec = &scenario.target,
                        .log = "/dev/null",
                        .keep = options.keep_target,
                        .patience = options.wait_for_target});
  if (scenario.target.tls) probe_tls(*scenario.target.tls, target.addresses());
  if (!options.json) print_found(scenario, found);
  const Replayed replayed = replay({.scenario = &scenario,
                                    .targets = target.addresses(),
                                    .mix = found.mix,
                                    .number = found.connection.number,
                                    .choices = found.connection.choices});
  if (options.json) {
    fmt::print("{}\n", json_of(scenario, found, replayed).dump(2));
  } else {
    print_replayed(replayed);
  }
  const ClientCounts& counts = replayed.tally.counts;
  if (counts.rig_errors > 0) return ExitStatus::kInconclusive;
  const bool good = counts.of(Outcome::kDelivered) > 0 && counts.wrong == 0;
  return good ? ExitStatus::kPass : ExitStatus::kFail;
}

}  // namespace closewait
