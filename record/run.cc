#include "record/run.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace closewait {
namespace {

std::uint64_t still_open(const ClientCounts& counts) {
  const std::uint64_t ended = counts.of(Outcome::kDelivered) + counts.of(Outcome::kPreempted) +
                              counts.of(Outcome::kTimedOut) + counts.of(Outcome::kCut);
  return counts.opened - std::min(counts.opened, ended);
}

// Clients of `polite` that have connected and not ended. Each wants one answer, so one that is
// still there after a whole second in which nobody was served has waited for it.
std::uint64_t waiting(const Run& run) {
  std::uint64_t open = 0;
  for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
    if (run.header.behaviours[i] == "polite") open += still_open(run.whole.clients[i].counts);
  }
  return open;
}

ClientCounts polite_counts(const SecondLine& line, const std::vector<std::string>& behaviours) {
  ClientCounts polite;
  const std::size_t known = std::min(behaviours.size(), line.tally.clients.size());
  for (std::size_t i = 0; i < known; ++i) {
    if (is_polite(behaviours[i])) polite += line.tally.clients[i].counts;
  }
  return polite;
}

// Whether no polite client was served in this second though some wanted to be: one was refused,
// ended by the target or timed out, or has waited since before. A second without any says nothing.
bool is_unavailable(const SecondLine& second, const std::vector<std::string>& behaviours,
                    std::uint64_t waiting_before) {
  const ClientCounts polite = polite_counts(second, behaviours);
  const std::uint64_t failed =
      polite.of(Outcome::kRefused) + polite.of(Outcome::kPreempted) + polite.of(Outcome::kTimedOut);
  return polite.of(Outcome::kDelivered) == 0 && failed + waiting_before > 0;
}

// Of its core; beyond it connections begin late and latencies have the rig's own in them.
constexpr double kBusyWorker = 0.9;

// Adds one line to a run, which it borrows.
struct Fold {
  Run& run;

  void operator()(const HeaderLine& line) const {
    run.header = line;
    for (Tally* each : {&run.storms, &run.whole, &run.control}) {
      each->clients.resize(line.behaviours.size());
    }
    run.beside_host_faults.resize(line.behaviours.size());
  }
  void operator()(const PhaseLine& line) const {
    run.phases.push_back(line);
    if (line.kind != PhaseKind::kRest) begin_or_end(line);
    reach(line.t);
  }
  void operator()(const SecondLine& line) const {
    const std::uint64_t waiting_before = waiting(run);
    const bool beside_host_fault = !run.phases.empty() && run.phases.back().host_faults > 0;
    run.whole.merge(beside_host_fault ? set_aside(line.tally) : line.tally);
    if (line.control) run.control.merge(line.tally);
    if (line.kind == PhaseKind::kStorm) {
      run.storms.merge(line.tally);
      run.storm_seconds += line.seconds;
      const bool planned = !run.phases.empty() && run.phases.back().planned > 0;
      if (planned) run.planned_storm_seconds += line.seconds;
      if (planned && line.busiest_worker > kBusyWorker) run.busy_seconds += line.seconds;
    }
    if (line.kind != PhaseKind::kRest &&
        is_unavailable(line, run.header.behaviours, waiting_before)) {
      run.unavailable_seconds += line.seconds;
    }
    if (line.kind != PhaseKind::kRest) add_resets(line);
    if (line.kind != PhaseKind::kRest) add_polite(line);
    if (line.kind != PhaseKind::kRest) add_unread(line);
    run.reaped += line.reaped;
    run.network += line.network.value_or(NetworkCounts());
    run.latest.delivered_before = std::exchange(run.latest.delivered, delivered_in(line));
    run.latest.t = line.t;
    run.latest.open = line.open;
    run.latest.busiest_worker = line.busiest_worker;
    run.latest.sample = line.sample;
    run.latest.rig = line.rig;
    if (!line.sockets_by_state.empty()) take_over(line.sockets_by_state);
    reach(line.t);
  }
  void operator()(const HostFaultLine& line) const {
    run.host_faults.push_back(line.done);
    reach(line.t);
  }
  void operator()(const CensusLine& line) const {
    run.rests.push_back(line.census);
    reach(line.census.t);
  }
  void operator()(const FindingLine& line) const {
    if (line.replaces && *line.replaces < run.findings.size()) {
      run.findings[*line.replaces] = line.finding;
    } else {
      run.findings.push_back(line.finding);
    }
    reach(line.t);
  }
  void operator()(const EndLine& line) const {
    run.end = line;
    reach(line.t);
  }

 private:
  void begin_or_end(const PhaseLine& line) const {
    if (line.begins) {
      run.played.push_back({.phase = line.name,
                            .kind = line.kind,
                            .cycle = line.cycle,
                            .planned = line.planned,
                            .together = line.together,
                            .together_lacks = line.together_lacks,
                            .host_faults = line.host_faults,
                            .control = line.control,
                            .began = line.t});
    } else if (!run.played.empty()) {
      run.played.back().ended = line.t;
      run.played.back().resets.comparable = line.comparable;
    }
  }
  [[nodiscard]] std::map<std::string, std::uint64_t> delivered_in(const SecondLine& line) const {
    std::map<std::string, std::uint64_t> delivered;
    const std::size_t known = std::min(run.header.behaviours.size(), line.tally.clients.size());
    for (std::size_t i = 0; i < known; ++i) {
      const std::uint64_t count = line.tally.clients[i].counts.of(Outcome::kDelivered);
      if (count > 0) delivered[run.header.behaviours[i]] = count;
    }
    return delivered;
  }
  void add_polite(const SecondLine& line) const {
    if (run.played.empty()) return;
    const ClientCounts polite = polite_counts(line, run.header.behaviours);
    run.played.back().polite_asked += polite.planned - std::min(polite.planned, polite.skipped);
    run.played.back().polite_served += polite.of(Outcome::kDelivered);
  }
  // What others may take is left out of the account, generously.
  void add_unread(const SecondLine& line) const {
    constexpr double kOfAnother = 512.0 * 1024;
    if (run.played.empty() || run.rests.empty() || !line.sample) return;
    std::uint64_t clients = 0;
    for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
      if (run.header.unread.contains(run.header.behaviours[i])) {
        clients += still_open(run.whole.clients[i].counts);
      }
    }
    if (clients == 0) return;
    const auto others = static_cast<double>(line.open - std::min(line.open, clients));
    const double grown = static_cast<double>(line.sample->anon_bytes) -
                         static_cast<double>(run.rests.back().sample.anon_bytes);
    const double each = (grown - kOfAnother * others) / static_cast<double>(clients);
    PlayedPhase& phase = run.played.back();
    if (each <= phase.unread_bytes) return;
    phase.unread_bytes = each;
    phase.unread_clients = clients;
  }
  void add_resets(const SecondLine& line) const {
    if (run.played.empty()) return;
    ResetProof& resets = run.played.back().resets;
    const auto& behaviours = run.header.behaviours;
    const std::size_t known = std::min(behaviours.size(), line.tally.clients.size());
    for (std::size_t i = 0; i < known; ++i) {
      if (std::ranges::count(run.header.resets, behaviours[i]) == 0) continue;
      resets.intended += line.tally.clients[i].counts.intended;
      resets.confirmed += line.tally.clients[i].counts.confirmed;
    }
    const NetworkCounts counted = line.network.value_or(NetworkCounts());
    resets.sent += counted.resets_sent;
    resets.aborts_on_data += counted.aborts_on_data;
    resets.aborts_on_close += counted.aborts_on_close;
  }
  // Gives it back without its examples, which are of the target's own doing.
  [[nodiscard]] Tally set_aside(Tally tally) const {
    const std::size_t known = std::min(run.beside_host_faults.size(), tally.clients.size());
    for (std::size_t i = 0; i < known; ++i) run.beside_host_faults[i] += tally.clients[i].counts;
    for (ClientTally& each : tally.clients) {
      each.first_altered = each.first_lost = each.first_innocent = std::nullopt;
    }
    return tally;
  }
  // A state that was there once stays, at zero.
  void take_over(const std::map<std::string, std::uint64_t>& sockets) const {
    for (auto& [state, count] : run.latest.sockets_by_state) count = 0;
    for (const auto& [state, count] : sockets) run.latest.sockets_by_state[state] = count;
  }
  void reach(double t) const { run.duration_seconds = std::max(run.duration_seconds, t); }
};

}  // namespace

bool is_polite(std::string_view behaviour) { return behaviour.starts_with("polite"); }

void Run::add(const Line& line) { std::visit(Fold{*this}, line); }

bool Run::has_control() const {
  return std::ranges::any_of(control.clients,
                             [](const ClientTally& each) { return each.counts.planned > 0; });
}

std::uint64_t Run::resets_intended() const {
  return std::accumulate(
      played.begin(), played.end(), std::uint64_t{0},
      [](std::uint64_t sum, const PlayedPhase& each) { return sum + each.resets.intended; });
}

std::uint64_t Run::resets_confirmed() const {
  return std::accumulate(
      played.begin(), played.end(), std::uint64_t{0},
      [](std::uint64_t sum, const PlayedPhase& each) { return sum + each.resets.confirmed; });
}

}  // namespace closewait
