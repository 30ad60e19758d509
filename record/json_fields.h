#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <type_traits>

#include "record/lines.h"
#include "record/played_phase.h"

namespace closewait {

// The fields of every line of run.jsonl, each named once: JsonWriter and JsonReader walk the
// same lists, so what is written and what is read cannot come apart. Adding a field is one line
// here; a record without it reads as zero.

template <class Self, class T>
concept Is = std::same_as<std::remove_const_t<Self>, T>;

// How an enum is written.
[[nodiscard]] constexpr std::span<const std::string_view> names_of(PhaseKind) {
  return kPhaseKindNames;
}
[[nodiscard]] constexpr std::span<const std::string_view> names_of(Verdict) {
  return kVerdictNames;
}
[[nodiscard]] constexpr std::span<const std::string_view> names_of(FindingKind) {
  return kFindingKindNames;
}
[[nodiscard]] constexpr std::span<const std::string_view> names_of(HostFaultKind) {
  return kHostFaultNames;
}

template <class Visitor, Is<Sample> Self>
void each_field(Visitor& visit, Self& self) {
  visit("fds", self.fds);
  visit("cpu_seconds", self.cpu_seconds);
  visit("anon_bytes", self.anon_bytes);
  visit("rss_bytes", self.rss_bytes);
  visit("threads", self.threads);
  visit("processes", self.processes);
  visit("listen_queue", self.listen_queue);
  visit("listen_limit", self.listen_limit);
}

template <class Visitor, Is<NetworkCounts> Self>
void each_field(Visitor& visit, Self& self) {
  visit("listen_overflows", self.listen_overflows);
  visit("listen_drops", self.listen_drops);
  visit("syn_retransmits", self.syn_retransmits);
  visit("conntrack_drops", self.conntrack_drops);
  visit("resets_sent", self.resets_sent);
  visit("aborts_on_data", self.aborts_on_data);
  visit("aborts_on_close", self.aborts_on_close);
}

template <class Visitor, Is<ResetProof> Self>
void each_field(Visitor& visit, Self& self) {
  visit("intended", self.intended);
  visit("confirmed", self.confirmed);
  visit("sent", self.sent);
  visit("aborts_on_data", self.aborts_on_data);
  visit("aborts_on_close", self.aborts_on_close);
  visit("comparable", self.comparable);
}

template <class Visitor, Is<PlayedPhase> Self>
void each_field(Visitor& visit, Self& self) {
  visit("phase", self.phase);
  visit("kind", self.kind);
  visit("cycle", self.cycle);
  visit("planned", self.planned);
  visit("together", self.together);
  visit("together_lacks", self.together_lacks);
  visit("host_faults", self.host_faults);
  visit("polite_asked", self.polite_asked);
  visit("polite_served", self.polite_served);
  visit("began", self.began);
  visit("ended", self.ended);
  visit("resets", self.resets);
}

template <class Visitor, Is<Outstanding> Self>
void each_field(Visitor& visit, Self& self) {
  visit("behaviour", self.behaviour);
  visit("abandoned", self.abandoned);
  visit("untold", self.untold);
  visit("count", self.count);
  visit("confirmed", self.confirmed);
  visit("numbers", self.numbers);
  visit("states", self.states);
}

template <class Visitor, Is<Census> Self>
void each_field(Visitor& visit, Self& self) {
  visit("t", self.t);
  visit("cycle", self.cycle);
  visit("served", self.served);
  visit("served_by_behaviour", self.served_by_behaviour);
  visit("sample", self.sample);
  visit("rig", self.rig);
  visit("fds_by_kind", self.fds_by_kind);
  visit("sockets_by_state", self.sockets_by_state);
  visit("dead_sockets", self.dead_sockets);
  visit("epoll_registrations", self.epoll_registrations);
  visit("epoll_ghosts", self.epoll_ghosts);
  visit("busy_cores", self.busy_cores);
  visit("queue_waited", self.queue_waited);
  visit("quarantine", self.quarantine);
  visit("rig_quarantine", self.rig_quarantine);
  visit("feed_available", self.feed_available);
  visit("events_lost", self.events_lost);
  visit("settled", self.settled);
  visit("outstanding", self.outstanding);
}

template <class Visitor, Is<HostFault> Self>
void each_field(Visitor& visit, Self& self) {
  visit("fault", self.fault);
  visit("phase", self.phase);
  visit("cycle", self.cycle);
  visit("at", self.at);
  visit("until", self.until);
  visit("processes", self.processes);
  visit("sockets", self.sockets);
  visit("undone", self.undone);
  visit("error", self.error);
}

template <class Visitor, Is<Finding> Self>
void each_field(Visitor& visit, Self& self) {
  visit("kind", self.kind);
  visit("behaviour", self.behaviour);
  visit("connections", self.connections);
  visit("per_connection", self.per_connection);
  visit("confidence", self.confidence);
  visit("evidence", self.evidence);
  visit("again", self.again);
}

template <class Visitor, Is<ExpectationResult> Self>
void each_field(Visitor& visit, Self& self) {
  visit("path", self.path);
  visit("bound", self.bound);
  visit("value", self.value);
  visit("limit", self.limit);
  visit("held", self.held);
}

template <class Visitor, Is<ResponseExample> Self>
void each_field(Visitor& visit, Self& self) {
  visit("connection", self.connection);
  visit("offset", self.offset);
}

template <class Visitor, Is<ClientTally> Self>
void each_field(Visitor& visit, Self& self) {
  auto& counts = self.counts;
  visit("planned", counts.planned);
  visit("skipped", counts.skipped);
  visit("opened", counts.opened);
  visit("rig_errors", counts.rig_errors);
  for (std::size_t i = 0; i < kOutcomes; ++i) visit(kOutcomeNames[i], counts.outcomes[i]);
  visit("wrong", counts.wrong);
  visit("altered", counts.altered);
  visit("other_status", counts.other_status);
  visit("truncated", counts.truncated);
  visit("unanswered", counts.unanswered);
  visit("innocent_closed", counts.innocent_closed);
  visit("outstayed", counts.outstayed);
  visit("intended", counts.intended);
  visit("confirmed", counts.confirmed);
  visit("connect", self.connect);
  visit("response", self.response);
  visit("reap", self.reap);
  visit("first_altered", self.first_altered);
  visit("first_lost", self.first_lost);
  visit("first_innocent", self.first_innocent);
}

template <class Visitor, Is<HeaderLine> Self>
void each_field(Visitor& visit, Self& self) {
  visit("schema", self.schema);
  visit("rig_version", self.rig_version);
  visit("scenario", self.scenario);
  visit("scenario_text", self.scenario_text);
  visit("seed", self.seed);
  visit("labels", self.labels);
  visit("started_at", self.started_at);
  visit("kernel", self.kernel);
  visit("target_address", self.target_address);
  visit("target_command", self.target_command);
  visit("target_pids", self.target_pids);
  visit("target_build_id", self.target_build_id);
  visit("open_files_limit", self.open_files_limit);
  visit("rig_processes", self.rig_processes);
  visit("planned_seconds", self.planned_seconds);
  visit("lag_at_most", self.lag_at_most);
  visit("behaviours", self.behaviours);
  visit("not_applicable", self.not_applicable);
  visit("resets", self.resets);
  visit("unread", self.unread);
}

template <class Visitor, Is<PhaseLine> Self>
void each_field(Visitor& visit, Self& self) {
  visit("t", self.t);
  visit("begins", self.begins);
  visit("name", self.name);
  visit("kind", self.kind);
  visit("cycle", self.cycle);
  visit("control", self.control);
  visit("planned", self.planned);
  visit("comparable", self.comparable);
  visit("host_faults", self.host_faults);
  visit("together", self.together);
  visit("together_lacks", self.together_lacks);
}

template <class Visitor, Is<SecondLine> Self>
void each_field(Visitor& visit, Self& self) {
  visit("t", self.t);
  visit("seconds", self.seconds);
  visit("phase", self.phase);
  visit("kind", self.kind);
  visit("cycle", self.cycle);
  visit("control", self.control);
  visit("open", self.open);
  visit("rig_cpu_seconds", self.rig_cpu_seconds);
  visit("busiest_worker", self.busiest_worker);
  visit("reaped", self.reaped);
  visit("sample", self.sample);
  visit("rig", self.rig);
  visit("network", self.network);
  visit("sockets_by_state", self.sockets_by_state);
  visit("clients", self.tally.clients);
  visit("lag", self.tally.lag);
}

template <class Visitor, Is<HostFaultLine> Self>
void each_field(Visitor& visit, Self& self) {
  visit("t", self.t);
  each_field(visit, self.done);
}

template <class Visitor, Is<CensusLine> Self>
void each_field(Visitor& visit, Self& self) {
  each_field(visit, self.census);
}

template <class Visitor, Is<FindingLine> Self>
void each_field(Visitor& visit, Self& self) {
  visit("t", self.t);
  each_field(visit, self.finding);
  visit("replaces", self.replaces);
}

template <class Visitor, Is<EndLine> Self>
void each_field(Visitor& visit, Self& self) {
  visit("t", self.t);
  visit("finished", self.finished);
  visit("verdict", self.verdict);
  visit("inconclusive_because", self.inconclusive_because);
  visit("not_judged", self.not_judged);
  visit("expectations", self.expectations);
}

}  // namespace closewait
