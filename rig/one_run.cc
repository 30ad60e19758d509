#include "rig/one_run.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/open_files.h"
#include "base/units.h"
#include "loadgen/engine.h"
#include "loadgen/processes.h"
#include "report/result.h"
#include "rig/conclusion.h"
#include "rig/finding_command.h"
#include "rig/host_faults.h"
#include "rig/identity.h"
#include "rig/interrupt.h"
#include "rig/live_metrics.h"
#include "rig/machine.h"
#include "rig/options.h"
#include "rig/ports.h"
#include "rig/preflight.h"
#include "rig/progress.h"
#include "rig/recorder.h"
#include "rig/results_folder.h"
#include "rig/runner.h"
#include "rig/target_process.h"
#include "rig/tls_probe.h"
#include "rig/together.h"
#include "verdict/crash.h"

namespace closewait {
namespace {

constexpr std::size_t kFeedBuffer = 64 * 1024 * 1024;
constexpr std::size_t kLogLinesShown = 5;

std::string kernel_release() {
  utsname names{};
  ::uname(&names);
  return std::string(names.sysname) + " " + names.release;
}

// How much memory a client that leaves its response unread may cost: a quarter of what it asks for,
// and no less than a buffer with a bound takes. What a described protocol asks for may be a value
// that is made in one piece.
std::optional<std::uint64_t> buffer_bound(const TargetSpec& target, const ClientMix& mix) {
  constexpr std::uint64_t kBounded = 1024 * 1024;
  if (!mix.behaviour->leaves_unread) return {};
  if (target.dialect != Dialect::kRaw) return std::max(kBounded, mix.params.size / 4);
  const bool told = target.protocol && target.protocol->large &&
                    target.protocol->large->response.kind == RawFraming::Kind::kBytes;
  if (!told) return {};
  return target.protocol->large->response.bytes * 3 / 2 + kBounded;
}

HeaderLine header_of(const ChosenScenario& chosen, const RunOptions& options,
                     const TargetProcess& target, std::uint64_t open_files, std::size_t processes,
                     const std::map<std::string, std::string>& not_applicable) {
  const Scenario& scenario = chosen.scenario;
  HeaderLine header{.rig_version = CLOSEWAIT_VERSION,
                    .scenario = scenario.name,
                    .scenario_text = chosen.text,
                    .seed = scenario.seed,
                    .labels = options.labels,
                    .started_at = utc_time("%Y-%m-%dT%H:%M:%SZ"),
                    .kernel = kernel_release(),
                    .target_address = list_of(target.addresses()),
                    .target_command = target.command_line(),
                    .target_pids = {target.roots().begin(), target.roots().end()},
                    .target_build_id = target.build_id(),
                    .open_files_limit = open_files,
                    .rig_processes = processes,
                    .planned_seconds = to_seconds(scenario.planned_length()),
                    .lag_at_most = to_seconds(scenario.load.lag_at_most),
                    .not_applicable = not_applicable};
  for (const Behaviour* behaviour : scenario.behaviours()) {
    header.behaviours.emplace_back(behaviour->name);
    if (is_reset(behaviour->end)) header.resets.emplace_back(behaviour->name);
  }
  for (const Phase& phase : scenario.cycle) {
    for (const ClientMix& mix : phase.clients) {
      const auto bound = buffer_bound(scenario.target, mix);
      if (!bound) continue;
      std::uint64_t& most = header.unread[std::string(mix.behaviour->name)];
      most = std::max(most, *bound);
    }
  }
  return header;
}

// The feed and what it needs; without it leaks are judged by counts.
struct Seeing {
  std::unique_ptr<PortTable> ports;
  std::unique_ptr<Identity> identity;
  std::vector<std::string> unseen;
};

// Nothing when this process alone has descriptors enough.
std::unique_ptr<Processes> start_processes(const Scenario& scenario, const Spread& spread) {
  if (spread.processes == 1) return nullptr;
  return std::make_unique<Processes>(
      Processes::Setup{.scenario = &scenario, .spread = spread, .ports = local_port_range()});
}

// Where the clients take their ports from; `processes` is null when this one plays alone.
std::unique_ptr<PortTable> make_ports(const Scenario& scenario,
                                      const std::vector<SocketAddress>& targets,
                                      Processes* processes) {
  const std::vector<SocketAddress> sources = sources_for(scenario, targets.front());
  if (processes != nullptr) return processes->aim(targets, sources);
  return std::make_unique<PortTable>(sources, local_port_range(), scenario.load.workers);
}

bool is_tcp_here(const SocketAddress& address) { return !address.is_unix() && address.is_local(); }

std::vector<std::uint16_t> ports_of(const std::vector<SocketAddress>& addresses) {
  std::set<std::uint16_t> ports;
  for (const SocketAddress& each : addresses) ports.insert(each.port());
  return {ports.begin(), ports.end()};
}

std::vector<bool> vanishing_ones(const Scenario& scenario) {
  std::vector<bool> vanishing;
  for (const Behaviour* behaviour : scenario.behaviours()) {
    vanishing.push_back(behaviour->end == End::kVanish);
  }
  return vanishing;
}

Seeing open_seeing(const Scenario& scenario, TargetProcess& target,
                   const std::vector<std::string>& behaviours, Processes* processes) {
  Seeing seeing;
  if (!target.why_unseen().empty()) seeing.unseen.push_back(target.why_unseen());
  if (!scenario.load.destroy_events) {
    seeing.unseen.emplace_back("destroy events: turned off by load.destroy_events");
  } else if (!std::ranges::all_of(target.addresses(), is_tcp_here)) {
    seeing.unseen.emplace_back("destroy events: only for TCP targets on this machine");
  } else if (auto feed = DestroyFeed::open(ports_of(target.addresses()), kFeedBuffer)) {
    seeing.ports = make_ports(scenario, target.addresses(), processes);
    seeing.identity = std::make_unique<Identity>(
        std::move(*feed), Identity::Setup{.ports = seeing.ports.get(),
                                          .behaviours = &behaviours,
                                          .promised = scenario.target.promises.idle_timeout,
                                          .vanishing = vanishing_ones(scenario)});
  } else {
    seeing.unseen.push_back("destroy events: " + describe(feed.error()));
  }
  if (!seeing.ports && processes != nullptr)
    static_cast<void>(processes->aim(target.addresses(), {}));
  return seeing;
}

std::vector<bool> polite_ones(const Scenario& scenario) {
  std::vector<bool> polite;
  for (const Behaviour* behaviour : scenario.behaviours()) polite.push_back(behaviour->polite);
  return polite;
}

Progress::Setup progress_of(const Scenario& scenario, const RunOptions& options) {
  return {.planned = scenario.planned_length(),
          .cycles = scenario.repeat,
          .phases = options.show_phases,
          .polite = polite_ones(scenario)};
}

std::vector<bool> left_out(const Scenario& scenario,
                           const std::map<std::string, std::string>& not_applicable) {
  std::vector<bool> left_out;
  for (const Behaviour* behaviour : scenario.behaviours()) {
    left_out.push_back(not_applicable.contains(std::string(behaviour->name)));
  }
  return left_out;
}

std::string why_ended(Runner::Ending ending) {
  switch (ending) {
    case Runner::Ending::kFinished:
    case Runner::Ending::kStopped:
      return "";
    case Runner::Ending::kInterrupted:
      return "interrupted before the end of the plan";
    case Runner::Ending::kTargetEnded:
      return "the target ended before the plan did";
    case Runner::Ending::kRigBroke:
      return "the rig broke";
    case Runner::Ending::kNotUndone:
      return "what was done to the target's process could not be undone";
  }
  return "";
}

void note_ending(Runner::Ending ending, Generator& generator, Circumstances& circumstances) {
  circumstances.interrupted_by = generator.trouble();
  if (circumstances.interrupted_by.empty()) circumstances.interrupted_by = why_ended(ending);
  circumstances.finished = circumstances.interrupted_by.empty();
}

// Of the phase of that name.
std::vector<std::string> behaviours_of(const Scenario& scenario, const std::string& name) {
  std::vector<std::string> names;
  const auto add = [&](const Phase& phase) {
    if (phase.name != name || !names.empty()) return;
    for (const ClientMix& mix : phase.clients) names.emplace_back(mix.behaviour->name);
  };
  if (scenario.warm_up) add(*scenario.warm_up);
  std::ranges::for_each(scenario.cycle, add);
  return names;
}

Finding crash_of(TargetProcess& target, const Recorder& recorder, const Scenario& scenario) {
  ProcessEnd end{.is_child = target.child() != nullptr, .t = recorder.now()};
  const PhaseLine& phase = recorder.run().phases.back();
  end.phase = phase.name;
  if (phase.kind != PhaseKind::kRest) end.behaviours = behaviours_of(scenario, phase.name);
  const Latest& latest = recorder.run().latest;
  end.last_delivered = latest.delivered;
  for (const auto& [name, count] : latest.delivered_before) end.last_delivered[name] += count;
  std::ranges::copy_if(
      recorder.run().host_faults, std::back_inserter(end.host_faults),
      [&](const HostFault& each) { return each.phase == phase.name && each.cycle == phase.cycle; });
  if (Child* child = target.child()) {
    end.wait_status = child->status().value_or(0);
    end.log_tail = child->log_tail(kLogLinesShown);
  }
  return crash_finding(end);
}

// What the metrics of a run tell beside its record. Borrowed for the call and the run.
struct Shown {
  std::string name;
  const Circumstances& circumstances;
  TargetProcess& target;
};

// Nothing without --metrics.
std::unique_ptr<LiveMetrics> serve_metrics(const ChosenScenario& chosen, const RunOptions& options,
                                           const Shown& shown, Recorder& recorder) {
  if (!options.metrics) return nullptr;
  auto metrics = std::make_unique<LiveMetrics>(
      LiveMetrics::Setup{.address = *options.metrics,
                         .run = shown.name,
                         .scenario = chosen.scenario,
                         .circumstances = shown.circumstances,
                         .target_is_seen = shown.target.observer() != nullptr});
  fmt::print(stderr, "metrics at {}\n", metrics->url());
  recorder.watch(
      [&metrics = *metrics](const Run& run, const Line& line) { metrics.update(run, line); });
  return metrics;
}

void linger(LiveMetrics& metrics, Nanoseconds at_most, const Interrupt& interrupt) {
  const bool interrupted = interrupt.came();
  if (interrupted && !metrics.was_scraped()) return;  // nobody watches
  interrupt.take();
  fmt::print(stderr, "the end of the run is at {} until it was scraped twice, {} at most{}\n",
             metrics.url(), format_duration(at_most),
             interrupted ? "; interrupt again to end at once" : "");
  if (!metrics.wait_until_scraped(at_most, interrupt.fd())) {
    fmt::print(stderr, "the end of the run was not scraped twice\n");
  }
}

}  // namespace

ExitStatus status_of(const Run& run) {
  switch (verdict_of(run)) {
    case Verdict::kPass:
      return ExitStatus::kPass;
    case Verdict::kFail:
      return ExitStatus::kFail;
    case Verdict::kInconclusive:
      return ExitStatus::kInconclusive;
  }
  return ExitStatus::kInconclusive;
}

TargetProcess::Setup target_setup(const Scenario& scenario, const RunOptions& options,
                                  const ResultsFolder& folder, const Interrupt& interrupt) {
  return {.spec = &scenario.target,
          .log = folder.path() / "target.log",
          .keep = options.keep_target,
          .interrupt_fd = interrupt.fd(),
          .patience = options.wait_for_target};
}

std::unique_ptr<Engine> make_engine(const Scenario& scenario,
                                    const std::vector<SocketAddress>& targets, PortTable* ports,
                                    const std::vector<bool>& left_out) {
  return std::make_unique<Engine>(Engine::Setup{
      .scenario = &scenario, .targets = targets, .ports = ports, .left_out = left_out});
}

// Null: nothing is done to the target's processes.
std::unique_ptr<Guardian> guardian_for(const Scenario& scenario) {
  const bool needed = has_host_faults(scenario) || asks_together(scenario);
  return needed ? std::make_unique<Guardian>() : nullptr;
}

Run play(const ChosenScenario& chosen, const RunOptions& options, const std::string& out,
         const Interrupt& interrupt, const std::function<void(const PlayedRun&)>& told) {
  const Scenario& scenario = chosen.scenario;
  refuse_beyond(budget_of(scenario, this_machine(scenario.target.address())));
  require_host_faults(scenario, nullptr);
  // Before there is a thread, a connection or a target that they would inherit; the guardian last,
  // so that nobody holds its link but this process.
  const Spread spread = spread_over_processes(scenario.load, most_open_files());
  const auto processes = start_processes(scenario, spread);
  const auto guardian = guardian_for(scenario);
  const ResultsFolder folder(options, out, scenario.name);
  folder.write_scenario(chosen.text, scenario);
  TargetProcess target(target_setup(scenario, options, folder, interrupt));
  require_host_faults(scenario, &target);
  // After the target was started: it has the limit of whoever calls.
  const std::uint64_t open_files = raise_open_files();
  if (scenario.target.tls) probe_tls(*scenario.target.tls, target.addresses());
  const auto not_applicable = look_ahead(scenario, target.addresses());
  if (processes) processes->leave_out(left_out(scenario, not_applicable));
  Recorder recorder(folder.path() / "run.jsonl");
  recorder.append(header_of(chosen, options, target, open_files, spread.processes, not_applicable));
  folder.lead_latest_here();
  Seeing seeing = open_seeing(scenario, target, recorder.run().header.behaviours, processes.get());
  Circumstances circumstances = circumstances_of(scenario, options, folder);
  circumstances.unseen = seeing.unseen;
  const auto metrics =
      serve_metrics(chosen, options, {folder.name(), circumstances, target}, recorder);
  FindingCommand on_finding(scenario.run_on_finding, target.root(), folder.path());
  std::vector<Finding> findings;
  {
    Progress progress(progress_of(scenario, options));
    std::unique_ptr<Engine> engine;
    if (!processes) {
      engine =
          std::make_unique<Engine>(Engine::Setup{.scenario = &scenario,
                                                 .targets = target.addresses(),
                                                 .ports = seeing.ports.get(),
                                                 .left_out = left_out(scenario, not_applicable)});
    }
    Generator& generator = processes ? static_cast<Generator&>(*processes) : *engine;
    Runner runner({.scenario = scenario,
                   .target = target,
                   .generator = generator,
                   .identity = seeing.identity.get(),
                   .recorder = recorder,
                   .progress = progress,
                   .interrupt = interrupt,
                   .guardian = guardian.get(),
                   .on_finding = on_finding});
    const Runner::Ending ending = runner.run();
    note_ending(ending, generator, circumstances);
    if (ending == Runner::Ending::kTargetEnded) {
      findings.push_back(crash_of(target, recorder, scenario));
    }
  }
  circumstances.record_lost = recorder.lost_lines();
  Conclusion conclusion({.chosen = chosen,
                         .options = options,
                         .circumstances = circumstances,
                         .folder = folder,
                         .interrupt = interrupt,
                         .target = target,
                         .on_finding = on_finding});
  conclusion.judge(std::move(findings), recorder);
  conclusion.write_files(recorder.run());
  told({.run = recorder.run(), .folder = folder.path()});
  if (metrics) linger(*metrics, options.metrics_linger, interrupt);
  return recorder.run();
}

}  // namespace closewait
