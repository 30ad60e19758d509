#include "rig/hunt_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "base/units.h"
#include "faults/clients/clients.h"
#include "faults/offer.h"
#include "loadgen/scenario_text.h"
#include "observe/process.h"
#include "report/result.h"
#include "report/table.h"
#include "rig/dialect_probe.h"
#include "rig/hunt_scenario.h"
#include "rig/one_client.h"
#include "rig/one_run.h"
#include "rig/preflight.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr std::uint64_t kUsualOpen = 200;
constexpr std::uint64_t kFewestOpen = 8;
constexpr Nanoseconds kTrial = std::chrono::milliseconds(500);
constexpr int kMostTrials = 500;

// The target, described as far as it is known: nobody is sent there yet.
Scenario described(const HuntOptions& options, const std::vector<Setting>& speaks) {
  if (!SocketAddress::parse(options.address)) {
    throw UsageError(fmt::format("'{}': expected {}", options.address, kAddressExample));
  }
  RunOptions run = options.run;
  run.target = options.address;
  run.quick = {.target = options.address, .mix = "polite", .rate = "1/s", .length = "1s"};
  run.settings = speaks;
  std::ranges::copy_if(options.run.settings, std::back_inserter(run.settings),
                       [](const Setting& each) { return each.first.starts_with("target."); });
  return choose_scenario(run).scenario;
}

// What it speaks, unless it was said.
std::vector<Setting> find_speech(const HuntOptions& options, const Scenario& plain) {
  const bool said = std::ranges::any_of(options.run.settings, [](const Setting& each) {
    return each.first.starts_with("target.") && !each.first.starts_with("target.promises");
  });
  return said ? std::vector<Setting>() : probe_dialect(*plain.target.address(), true);
}

// Polite clients one after another, a second's worth of them. Throws SetupError when the first of
// them is not served: what the rest would show is not the target's doing.
double served_per_second(const TargetSpec& spec, const SocketAddress& address) {
  const Instant begin = Clock::now();
  int served = 0;
  while (served < kMostTrials && Clock::now() < begin + kTrial) {
    const PlayedClient played = play_one({.behaviour = &kPolite,
                                          .params = default_params(kPolite),
                                          .target = &spec,
                                          .address = address});
    if (played.outcome != Outcome::kDelivered || played.wrong_at) {
      throw SetupError(fmt::format(
          "{} does not serve a polite client as it was understood; `closewait try polite {}` tells "
          "each call, and --set target.KEY=VALUE what it speaks",
          address.to_string(), address.to_string()));
    }
    ++served;
  }
  return served / to_seconds(Clock::now() - begin);
}

// Without those that take a right: what is found has to show again without it. And without urgent
// bytes, which no protocol of today sends and servers in wide use (nginx) do not read past.
std::vector<const Behaviour*> applicable(const Offer& offer) {
  std::vector<const Behaviour*> all;
  for (const Behaviour* each : catalogue()) {
    const bool left_out = each->needs.net_admin || each == &kUrgent;
    if (!left_out && obstacle(*each, offer).empty()) all.push_back(each);
  }
  return all;
}

// A fraction of the descriptors that its processes have left.
std::uint64_t suitable_open(TargetProcess& target) {
  std::uint64_t left = UINT64_MAX;
  if (Observer* observer = target.observer()) {
    for (const pid_t pid : observer->pids()) {
      const auto limit = open_files_limit(pid);
      const auto used = count_fds(pid);
      if (limit && used && *used < *limit) left = std::min(left, *limit - *used);
    }
  }
  return std::clamp(left / 4, kFewestOpen, kUsualOpen);
}

void print_plan(const HuntedTarget& hunted, const std::vector<Setting>& speaks) {
  std::string speech;
  for (const auto& [path, value] : speaks) speech += fmt::format(" {}={}", path, value);
  fmt::print(stderr, "hunting {}:{}, {} behaviours, at most {} open\n", hunted.address.to_string(),
             speech, hunted.behaviours.size(), hunted.open_at_most);
}

}  // namespace

ExitStatus hunt_command(const HuntOptions& options) {
  const Interrupt interrupt;
  const Scenario plain = described(options, {});
  HuntedTarget hunted;
  {
    TargetProcess target({.spec = &plain.target, .log = "/dev/null"});
    hunted.address = target.addresses().front();
    hunted.open_at_most = options.open_at_most.value_or(suitable_open(target));
  }
  const std::vector<Setting> speaks = find_speech(options, plain);
  const Scenario spoken = described(options, speaks);
  hunted.speaks = speaks;
  hunted.polite_per_second = served_per_second(spoken.target, hunted.address);
  hunted.behaviours = applicable(offer_of(spoken.target, hunted.address));
  print_plan(hunted, speaks);
  hunted.seed = options.run.seed.value_or(std::random_device{}());
  // What was set is part of the scenario that stays.
  RunOptions run_options = options.run;
  ChosenScenario chosen{.scenario = {}, .text = hunt_scenario_text(hunted)};
  if (const auto settings = all_settings(options.run); !settings.empty()) {
    chosen.text = fmt::format("# Made by `closewait hunt {}`.\n", hunted.address.to_string()) +
                  text_with(chosen.text, "the hunt", settings);
    run_options.settings.clear();
  }
  chosen.scenario = parse_scenario(chosen.text, "the hunt", {});
  if (options.run.pid) chosen.scenario.target.pid = options.run.pid;
  const Run run =
      play(chosen, run_options, options.run.out, interrupt, [&](const PlayedRun& played) {
        if (options.run.json) {
          fmt::print("{}\n", result_of(played.run).dump(2));
        } else {
          fmt::print("{}\nresults in {}\nits scenario, to keep: {}\n", run_table(played.run),
                     played.folder.string(), (played.folder / "scenario.yaml").string());
        }
        std::fflush(stdout);
      });
  return status_of(run);
}

}  // namespace closewait
