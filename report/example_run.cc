#include "report/example_run.h"

namespace closewait::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

HeaderLine header() {
  HeaderLine line;
  line.rig_version = "0.1.0";
  line.scenario = "soak";
  line.seed = 42;
  line.labels = {{"branch", "main"}};
  line.started_at = "2024-02-03T04:05:06Z";
  line.kernel = "6.1.0";
  line.target_address = "127.0.0.1:7000";
  line.target_command = "closewait-server --listen 127.0.0.1:0";
  line.target_pids = {4711};
  line.target_build_id = "abc123";
  line.behaviours = {"polite", "rst-after-connect"};
  return line;
}

void deliver(ClientTally& tally, std::uint64_t clients, Nanoseconds response) {
  tally.counts.planned = tally.counts.opened = clients;
  tally.counts.outcomes[index_of(Outcome::kDelivered)] = clients;
  tally.connect.record(microseconds(50), clients);
  tally.response.record(response, clients);
  tally.reap.record(microseconds(220), clients);
}

SecondLine warm_up() {
  SecondLine line{.t = 5,
                  .seconds = 5,
                  .phase = "warm_up",
                  .kind = PhaseKind::kWarmUp,
                  .control = true,
                  .tally = Tally(2)};
  deliver(line.tally.clients[0], 410, milliseconds(1));
  return line;
}

SecondLine storm() {
  SecondLine line{.t = 15,
                  .seconds = 10,
                  .phase = "storm",
                  .kind = PhaseKind::kStorm,
                  .cycle = 1,
                  .reaped = 2'412,
                  .tally = Tally(2)};
  deliver(line.tally.clients[0], 2'000, milliseconds(3));
  ClientTally& rude = line.tally.clients[1];
  rude.counts.planned = rude.counts.opened = 412;
  rude.counts.outcomes[index_of(Outcome::kDelivered)] = 411;
  rude.counts.outcomes[index_of(Outcome::kPreempted)] = 1;
  rude.counts.intended = rude.counts.confirmed = 411;
  line.tally.lag.record(microseconds(80), 2'412);
  return line;
}

CensusLine rest(double t, std::uint64_t cycle, std::uint64_t served) {
  CensusLine line;
  line.census.t = t;
  line.census.cycle = cycle;
  line.census.served = served;
  line.census.sample.fds = 9;
  line.census.feed_available = true;
  line.census.settled = true;
  return line;
}

}  // namespace

Run killed_run() {
  Run run;
  run.add(header());
  run.add(warm_up());
  run.add(rest(7, 0, 410));
  run.add(storm());
  run.add(rest(17, 1, 2'822));
  return run;
}

Run example_run() {
  Run run = killed_run();
  EndLine end{.t = 18, .finished = true, .verdict = Verdict::kPass};
  end.not_judged = {"lingering: the scenario promises no idle_timeout"};
  end.expectations = {{.path = "latency.polite.response.p99",
                       .bound = "< 5x control",
                       .value = 0.003,
                       .limit = 0.005,
                       .held = true},
                      {.path = "clients.polite.failed_ratio",
                       .bound = "< 0.1%",
                       .value = 0,
                       .limit = 0.001,
                       .held = true}};
  run.add(end);
  return run;
}

Finding example_leak() {
  return {.kind = FindingKind::kFdLeak,
          .behaviour = "rst-after-connect",
          .connections = 412,
          .per_connection = 1,
          .confidence = "exact",
          .evidence = {"412 of 412 connections of rst-after-connect were never destroyed by the "
                       "end of the rest, and the descriptors of the target grew from 9 to 421",
                       "all of them are in TCP_CLOSE"},
          .again = "sh runs/2024-02-03/again.sh"};
}

}  // namespace closewait::testing
