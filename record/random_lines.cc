#include "record/random_lines.h"

#include <cmath>

namespace closewait::testing {

Line RandomLines::next() {
  switch (made_++ % std::variant_size_v<Line>) {
    case 0:
      return header();
    case 1:
      return phase();
    case 2:
      return second();
    case 3:
      return host_fault();
    case 4:
      return census();
    case 5:
      return finding();
    default:
      return end();
  }
}

std::uint64_t RandomLines::number() { return flag() ? 0 : random_() >> random_.below(64); }

double RandomLines::real() {
  if (flag()) return 0;
  return random_.unit() * std::pow(10.0, static_cast<double>(random_.below(40)) - 20);
}

std::string RandomLines::text() {
  constexpr std::string_view kPieces[] = {"a", "Z", "\"", "\\", "\n", "\x01", "ü", "漢", "{}", " "};
  std::string text;
  for (auto left = random_.below(8); left > 0; --left) {
    text += kPieces[random_.below(std::size(kPieces))];
  }
  return text;
}

std::vector<std::string> RandomLines::texts() {
  std::vector<std::string> texts(random_.below(3));
  for (std::string& each : texts) each = text();
  return texts;
}

std::map<std::string, std::uint64_t> RandomLines::numbers_by_name() {
  std::map<std::string, std::uint64_t> map;
  for (auto left = random_.below(4); left > 0; --left) map[text()] = number();
  return map;
}

std::map<std::string, std::string> RandomLines::texts_by_name() {
  std::map<std::string, std::string> map;
  for (auto left = random_.below(4); left > 0; --left) map[text()] = text();
  return map;
}

Histogram RandomLines::histogram() {
  Histogram histogram;
  for (auto left = random_.below(20); left > 0; --left) {
    const double exponent = 13 * random_.unit();
    histogram.record(Nanoseconds(std::llround(std::pow(10.0, exponent))), 1 + random_.below(9));
  }
  return histogram;
}

Tally RandomLines::tally() {
  Tally tally(random_.below(4));
  for (ClientTally& each : tally.clients) {
    if (flag()) continue;
    each.counts = {.planned = number(),
                   .skipped = number(),
                   .opened = number(),
                   .rig_errors = number(),
                   .outcomes = {},
                   .wrong = number(),
                   .altered = number(),
                   .other_status = number(),
                   .truncated = number(),
                   .unanswered = number(),
                   .innocent_closed = number(),
                   .outstayed = number(),
                   .intended = number(),
                   .confirmed = number()};
    for (std::uint64_t& outcome : each.counts.outcomes) outcome = number();
    each.connect = histogram();
    each.response = histogram();
    each.reap = histogram();
    if (flag()) each.first_altered = {.connection = number(), .offset = number()};
    if (flag()) each.first_lost = {.connection = number(), .offset = number()};
    if (flag()) each.first_innocent = {.connection = number(), .offset = number()};
  }
  tally.lag = histogram();
  return tally;
}

Sample RandomLines::sample() {
  return {.fds = number(),
          .cpu_seconds = real(),
          .anon_bytes = number(),
          .rss_bytes = number(),
          .threads = number(),
          .processes = number(),
          .listen_queue = number(),
          .listen_limit = number()};
}

HeaderLine RandomLines::header() {
  HeaderLine line;
  line.rig_version = text();
  line.scenario = text();
  line.scenario_text = text();
  line.seed = number();
  line.labels = texts_by_name();
  line.started_at = text();
  line.kernel = text();
  line.target_address = text();
  line.target_command = text();
  for (auto left = random_.below(3); left > 0; --left) {
    line.target_pids.push_back(static_cast<std::int64_t>(number()));
  }
  line.target_build_id = text();
  line.open_files_limit = number();
  line.rig_processes = number();
  line.planned_seconds = real();
  line.lag_at_most = real();
  line.behaviours = texts();
  line.not_applicable = texts_by_name();
  line.resets = texts();
  line.unread = {{text(), number()}};
  return line;
}

PhaseLine RandomLines::phase() {
  return {.t = real(),
          .begins = flag(),
          .name = text(),
          .kind = static_cast<PhaseKind>(random_.below(kPhaseKindNames.size())),
          .cycle = number(),
          .control = flag(),
          .planned = number(),
          .comparable = flag(),
          .host_faults = number(),
          .together = number(),
          .together_lacks = text()};
}

SecondLine RandomLines::second() {
  SecondLine line;
  line.t = real();
  line.seconds = real();
  line.phase = text();
  line.kind = static_cast<PhaseKind>(random_.below(kPhaseKindNames.size()));
  line.cycle = number();
  line.control = flag();
  line.open = number();
  line.rig_cpu_seconds = real();
  line.busiest_worker = real();
  if (flag()) {
    line.network = NetworkCounts{.listen_overflows = number(),
                                 .listen_drops = number(),
                                 .syn_retransmits = number(),
                                 .conntrack_drops = number(),
                                 .resets_sent = number(),
                                 .aborts_on_data = number(),
                                 .aborts_on_close = number()};
  }
  line.reaped = number();
  if (flag()) line.sample = sample();
  if (flag()) line.rig = sample();
  line.sockets_by_state = numbers_by_name();
  line.tally = tally();
  return line;
}

HostFaultLine RandomLines::host_fault() {
  return {.t = real(),
          .done = {.fault = static_cast<HostFaultKind>(random_.below(kHostFaultNames.size())),
                   .phase = text(),
                   .cycle = number(),
                   .at = real(),
                   .until = real(),
                   .processes = number(),
                   .sockets = number(),
                   .undone = flag(),
                   .error = text()}};
}

CensusLine RandomLines::census() {
  CensusLine line;
  Census& census = line.census;
  census.t = real();
  census.cycle = number();
  census.served = number();
  census.served_by_behaviour = numbers_by_name();
  census.sample = sample();
  census.rig = sample();
  census.fds_by_kind = numbers_by_name();
  census.sockets_by_state = numbers_by_name();
  census.dead_sockets = number();
  census.epoll_registrations = number();
  census.epoll_ghosts = number();
  census.busy_cores = real();
  census.queue_waited = real();
  census.quarantine = number();
  census.rig_quarantine = number();
  census.feed_available = flag();
  census.events_lost = number();
  census.settled = flag();
  for (auto left = random_.below(3); left > 0; --left) {
    census.outstanding.push_back({.behaviour = text(),
                                  .abandoned = flag(),
                                  .untold = flag(),
                                  .count = number(),
                                  .confirmed = number(),
                                  .numbers = {number(), number()},
                                  .states = numbers_by_name()});
  }
  return line;
}

FindingLine RandomLines::finding() {
  return {.t = real(),
          .finding = {.kind = static_cast<FindingKind>(random_.below(kFindingKindNames.size())),
                      .behaviour = text(),
                      .connections = number(),
                      .per_connection = real(),
                      .confidence = text(),
                      .evidence = texts(),
                      .again = text()},
          .replaces = flag() ? std::optional(number()) : std::nullopt};
}

EndLine RandomLines::end() {
  EndLine line{.t = real(),
               .finished = flag(),
               .verdict = static_cast<Verdict>(random_.below(kVerdictNames.size())),
               .inconclusive_because = texts(),
               .not_judged = texts(),
               .expectations = {}};
  for (auto left = random_.below(3); left > 0; --left) {
    line.expectations.push_back(
        {.path = text(), .bound = text(), .value = real(), .limit = real(), .held = flag()});
  }
  return line;
}

}  // namespace closewait::testing
