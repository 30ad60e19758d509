#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "metrics/endpoint.h"
#include "rig/clients_command.h"
#include "rig/doctor_command.h"
#include "rig/hunt_command.h"
#include "rig/options.h"
#include "rig/try_command.h"
#include "rig/watch_command.h"

namespace closewait {
namespace {

std::pair<std::string, std::string> split(const std::string& option, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw UsageError(option + " " + text + ": expected " +
                     (option == "--set" ? "PATH=VALUE" : "KEY=VALUE"));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// Options as CLI11 fills them, before they are taken apart.
struct Written {
  std::vector<std::string> settings;
  std::vector<std::string> labels;
  std::optional<std::string> metrics;
  std::optional<std::string> metrics_linger;
  std::optional<std::string> wait_for_target;
  std::optional<std::string> timeout;
  std::optional<std::string> length;
};

void take_duration(const char* option, const std::optional<std::string>& text, Nanoseconds& value) {
  if (!text) return;
  const auto duration = parse_duration(*text);
  if (!duration)
    throw UsageError(fmt::format("{} {}: expected {}", option, *text, kDurationExample));
  value = *duration;
}

void add_scenario_options(CLI::App& command, RunOptions& options, Written& written) {
  command.add_option("scenario", options.scenario, "A scenario file");
  command.add_option("--target", options.target, "The server that runs at ADDRESS:PORT already");
  command.add_option("--mix", options.quick.mix,
                     "Behaviours and weights, without a file: polite:80,rst-after-connect:20");
  command.add_option("--rate", options.quick.rate, "Connections per second: 2000/s, 500/s..4000/s");
  command.add_option("--for", options.quick.length, "How long the storms are in all: 10m");
  command.add_option("--pid", options.pid, "The server's process, where it cannot be looked up");
  command.add_flag("--allow-remote", options.allow_remote,
                   "Allow a target that is not on this machine");
  command.add_option("--seed", options.seed, "Every random choice derives from it");
  command.add_option("--set", written.settings, "PATH=VALUE: replace a value of the scenario")
      ->allow_extra_args(false);
}

void add_run_options(CLI::App& command, RunOptions& options, Written& written) {
  command.add_option("--out", options.out, "The folder for the results");
  command.add_option("--name", options.name,
                     "The folder is results/NAME, and NAME the run label of its metrics");
  command.add_option("--wait-for-target", written.wait_for_target,
                     "How long a target that runs already may take to listen: 30s");
  command.add_option("--metrics", written.metrics,
                     "Serve Prometheus at http://ADDRESS:PORT/metrics");
  command
      .add_option("--metrics-linger", written.metrics_linger,
                  "How long after the run, unless it was scraped twice")
      ->default_str("30s");
  command.add_option("--label", written.labels, "KEY=VALUE: kept with the results")
      ->allow_extra_args(false);
  command.add_option("--repeat", options.repeat, "Run it so many times")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000}));
  command.add_option("--connection", options.connection,
                     "Play only this connection of the plan, alone and at once; from 0");
  command.add_option("--find-limit", options.find_limit,
                     "Raise the rate until this breaks: 'latency.polite.response.p99 < 50ms'");
  command.add_flag("--keep-target", options.keep_target, "Leave a started target running");
  command.add_flag("--json", options.json, "One JSON object on standard output, nothing else");
}

void check_name(const RunOptions& options) {
  if (!options.name.empty() && !options.out.empty()) {
    throw UsageError("--name and --out both say where the results go; give one of them");
  }
  constexpr const char* kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (options.name.find_first_not_of(kLetters) != std::string::npos ||
      options.name.starts_with('.') || options.name.starts_with('-')) {
    throw UsageError("--name " + options.name +
                     ": expected letters, digits, '.', '_' and '-', since it becomes "
                     "results/NAME; for another place there is --out");
  }
}

void finish(RunOptions& options, const Written& written) {
  for (const std::string& each : written.settings) {
    options.settings.push_back(split("--set", each));
  }
  for (const std::string& each : written.labels) options.labels.insert(split("--label", each));
  options.quick.target = options.target;
  if (written.metrics) options.metrics = parse_metrics_address(*written.metrics);
  take_duration("--metrics-linger", written.metrics_linger, options.metrics_linger);
  take_duration("--wait-for-target", written.wait_for_target, options.wait_for_target);
  check_name(options);
  const bool quick =
      !options.quick.mix.empty() || !options.quick.rate.empty() || !options.quick.length.empty();
  if (quick && !options.scenario.empty()) {
    throw UsageError("--mix, --rate and --for are instead of a scenario file; use --set for " +
                     options.scenario);
  }
}

void add_clients_options(CLI::App& command, ClientsOptions& options) {
  command.add_option("name", options.name, "Only this behaviour, and all that is known of it");
  command.add_flag("--json", options.json, "One JSON object on standard output, nothing else");
  command.add_flag("--markdown", options.markdown, "As docs/behaviours.md");
}

void add_doctor_options(CLI::App& command, DoctorOptions& options, Written& written) {
  command.add_option("address", options.address, "A server that runs, to be looked at as well");
  command.add_option("--pid", options.pid, "Its process, where it cannot be looked up");
  command
      .add_option("--set", written.settings,
                  "target.KEY=VALUE: what it speaks, as a scenario says it")
      ->allow_extra_args(false);
  command.add_flag("--allow-remote", options.allow_remote,
                   "Allow a target that is not on this machine");
  command.add_flag("--json", options.json, "One JSON object on standard output, nothing else");
}

void add_try_options(CLI::App& command, TryOptions& options, Written& written) {
  command.add_option("behaviour", options.behaviour, "Of `closewait clients`")->required();
  command.add_option("address", options.address, "The server, which runs already")->required();
  command
      .add_option("--dialect", options.dialect,
                  "What it speaks: http, echo or raw; without it that is found out")
      ->check(CLI::IsMember({"http", "echo", "raw"}));
  command.add_flag("--tls", options.tls, "Over TLS");
  command
      .add_option("--set", written.settings,
                  "PARAMETER=VALUE of the behaviour, or target.KEY=VALUE of the target")
      ->allow_extra_args(false);
  command.add_option("--seed", options.seed, "Its choices derive from it");
  command.add_option("--timeout", written.timeout, "From its start to its own deadline: 10s");
  command.add_flag("--allow-remote", options.allow_remote,
                   "Allow a target that is not on this machine");
  command.add_flag("--json", options.json, "One JSON object on standard output, nothing else");
}

void add_hunt_options(CLI::App& command, HuntOptions& options, Written& written) {
  RunOptions& run = options.run;
  command.add_option("address", options.address, "The server, which runs already")->required();
  command.add_option("--pid", run.pid, "Its process, where it cannot be looked up");
  command
      .add_option("--open-at-most", options.open_at_most,
                  "Connections open at once; 200, or fewer where the server is small")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000}));
  command
      .add_option("--set", written.settings,
                  "PATH=VALUE of the scenario, as target.promises.half_close=answers")
      ->allow_extra_args(false);
  command.add_option("--seed", run.seed, "Every random choice derives from it");
  command.add_option("--out", run.out, "The folder for the results");
  command.add_option("--name", run.name, "The folder is results/NAME");
  command.add_flag("--allow-remote", run.allow_remote,
                   "Allow a server that is not on this machine");
  command.add_flag("--json", run.json, "One JSON object on standard output, nothing else");
}

void add_watch_options(CLI::App& command, WatchOptions& options, Written& written) {
  command.add_option("--pid", options.pid, "A process, with its children");
  command.add_option("--port", options.port, "Who listens at this TCP port of this machine");
  command.add_option("--for", written.length, "How long; without it until Ctrl-C");
  command.add_option("--metrics", written.metrics,
                     "Serve Prometheus at http://ADDRESS:PORT/metrics");
  command.add_flag("--json", options.json, "A JSON object a second on standard output");
}

void finish(WatchOptions& options, const Written& written) {
  take_duration("--for", written.length, options.length);
  if (written.metrics) options.metrics = parse_metrics_address(*written.metrics);
}

void finish(TryOptions& options, const Written& written) {
  for (const std::string& each : written.settings) {
    options.settings.push_back(split("--set", each));
  }
  Nanoseconds timeout{0};
  take_duration("--timeout", written.timeout, timeout);
  if (written.timeout) options.timeout = timeout;
}

// A subcommand and what it does once its options are read.
struct Command {
  CLI::App* app;
  std::function<ExitStatus()> run;
};

int run(int argc, char** argv) {
  CLI::App app("Opens and aborts connections, and says whether the server leaked.", "closewait");
  app.set_version_flag("--version", CLOSEWAIT_VERSION);
  app.require_subcommand(1);
  RunOptions options;
  Written written;
  ClientsOptions clients;
  DoctorOptions doctor;
  TryOptions one;
  HuntOptions hunt;
  WatchOptions watch;
  CLI::App& run = *app.add_subcommand("run", "Run a scenario and give the verdict");
  CLI::App& check = *app.add_subcommand("check", "Validate a scenario and say what it would do");
  CLI::App& list = *app.add_subcommand("clients", "List the behaviours, or tell of one");
  CLI::App& play = *app.add_subcommand("try", "Play one client and tell every call it makes");
  add_scenario_options(run, options, written);
  add_run_options(run, options, written);
  add_scenario_options(check, options, written);
  add_clients_options(list, clients);
  CLI::App& look =
      *app.add_subcommand("doctor", "Say what can be seen and done here, and what to grant");
  add_doctor_options(look, doctor, written);
  add_try_options(play, one, written);
  CLI::App& seek =
      *app.add_subcommand("hunt", "Look at a server, play what fits it, and give a verdict");
  add_hunt_options(seek, hunt, written);
  CLI::App& look_on =
      *app.add_subcommand("watch", "Look at a process from outside; no load, no verdict");
  add_watch_options(look_on, watch, written);
  const auto finished = [&](ExitStatus (*command)(const RunOptions&)) {
    finish(options, written);
    return command(options);
  };
  const auto tried = [&] {
    finish(one, written);
    return try_command(one);
  };
  const std::vector<Command> commands{{&run, [&] { return finished(run_command); }},
                                      {&check, [&] { return finished(check_command); }},
                                      {&list, [&] { return clients_command(clients); }},
                                      {&look,
                                       [&] {
                                         for (const std::string& each : written.settings) {
                                           doctor.settings.push_back(split("--set", each));
                                         }
                                         return doctor_command(doctor);
                                       }},
                                      {&play, tried},
                                      {&seek,
                                       [&] {
                                         finish(hunt.run, written);
                                         return hunt_command(hunt);
                                       }},
                                      {&look_on, [&] {
                                         finish(watch, written);
                                         return watch_command(watch);
                                       }}};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : static_cast<int>(ExitStatus::kBadInput);
  }
  const auto chosen =
      std::ranges::find_if(commands, [](const Command& each) { return each.app->parsed(); });
  return static_cast<int>(chosen->run());
}

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) {
  using closewait::ExitStatus;
  try {
    return closewait::run(argc, argv);
  } catch (const closewait::UsageError& error) {
    fmt::print(stderr, "closewait: {}\n", error.what());
    return static_cast<int>(ExitStatus::kBadInput);
  } catch (const std::exception& error) {
    fmt::print(stderr, "closewait: {}\n", error.what());
    return static_cast<int>(ExitStatus::kInconclusive);
  }
}
