#include "record/run.h"

#include <algorithm>
#include <string_view>

namespace closewait {
namespace {

// Whether polite clients came in this second and none was served: at least one of them was
// refused, ended by the target or timed out, and none was delivered. A second without an ended
// client says nothing, and one in which the phase cut them off is the rig's doing.
bool is_unavailable(const SecondLine& second, const std::vector<std::string>& behaviours) {
  ClientCounts polite;
  const std::size_t known = std::min(behaviours.size(), second.tally.clients.size());
  for (std::size_t i = 0; i < known; ++i) {
    if (behaviours[i].starts_with("polite")) polite += second.tally.clients[i].counts;
  }
  const std::uint64_t failed =
      polite.of(Outcome::kRefused) + polite.of(Outcome::kPreempted) + polite.of(Outcome::kTimedOut);
  return polite.of(Outcome::kDelivered) == 0 && failed > 0;
}

// Adds one line to a run, which it borrows.
struct Fold {
  Run& run;

  void operator()(const HeaderLine& line) const {
    run.header = line;
    for (Tally* each : {&run.storms, &run.whole, &run.control}) {
      each->clients.resize(line.behaviours.size());
    }
  }
  void operator()(const PhaseLine& line) const {
    run.phases.push_back(line);
    reach(line.t);
  }
  void operator()(const SecondLine& line) const {
    run.whole.merge(line.tally);
    if (line.control) run.control.merge(line.tally);
    if (line.kind == PhaseKind::kStorm) {
      run.storms.merge(line.tally);
      run.storm_seconds += line.seconds;
    }
    if (line.kind != PhaseKind::kRest && is_unavailable(line, run.header.behaviours)) {
      run.unavailable_seconds += line.seconds;
    }
    run.reaped += line.reaped;
    run.latest.t = line.t;
    run.latest.open = line.open;
    run.latest.busiest_worker = line.busiest_worker;
    run.latest.sample = line.sample;
    if (!line.sockets_by_state.empty()) run.latest.sockets_by_state = line.sockets_by_state;
    reach(line.t);
  }
  void operator()(const CensusLine& line) const {
    run.rests.push_back(line.census);
    reach(line.census.t);
  }
  void operator()(const FindingLine& line) const {
    run.findings.push_back(line.finding);
    reach(line.t);
  }
  void operator()(const EndLine& line) const {
    run.end = line;
    reach(line.t);
  }

 private:
  void reach(double t) const { run.duration_seconds = std::max(run.duration_seconds, t); }
};

}  // namespace

void Run::add(const Line& line) { std::visit(Fold{*this}, line); }

bool Run::has_control() const {
  return std::ranges::any_of(control.clients,
                             [](const ClientTally& each) { return each.counts.planned > 0; });
}

}  // namespace closewait
