#include "report/run_metrics.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include "report/target_metrics.h"

namespace closewait {
namespace {

constexpr const char* kUnknownBehaviour = "unknown";

std::string label_of(const Finding& finding) {
  return finding.behaviour.empty() ? kUnknownBehaviour : finding.behaviour;
}

// Seconds since 1970 of the header's "2026-11-22T01:02:03Z"; 0 when it is not written so.
double unix_time(const std::string& text) {
  std::tm parts{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr) return 0;
  return static_cast<double>(::timegm(&parts));
}

MetricFamilies about_the_run(const Run& run, const RunSoFar& so_far) {
  const HeaderLine& header = run.header;
  return {
      gauge_family("closewait_run_info", "Always 1.",
                   {{{{"scenario", header.scenario},
                      {"seed", std::to_string(header.seed)},
                      {"version", header.rig_version},
                      {"target", header.target_address}},
                     1}}),
      gauge("closewait_run_start_time_seconds", "When the run began, since 1970.",
            unix_time(header.started_at)),
      gauge("closewait_run_planned_seconds", "How long the run is meant to take.",
            header.planned_seconds),
      gauge("closewait_run_elapsed_seconds", "How long it has taken so far.", run.duration_seconds),
      gauge("closewait_run_finished", "1 when the verdict is final.", run.end ? 1 : 0),
      counter("closewait_unavailable_seconds_total",
              "Seconds in which no polite client was served, though some wanted to be.",
              run.unavailable_seconds),
      counter("closewait_destroy_events_total", "Destroy events of the run's own connections.",
              number(run.reaped)),
      gauge("closewait_connections_open", "Connections the rig has open.", number(run.latest.open)),
      gauge("closewait_rig_processes", "Processes of the rig that play the load.",
            number(header.rig_processes)),
      gauge("closewait_rig_fds", "Descriptors that the rig has open, in all its processes.",
            number(run.latest.rig.value_or(Sample()).fds)),
      gauge("closewait_rig_memory_bytes", "Anonymous memory of the rig, of all its processes.",
            number(run.latest.rig.value_or(Sample()).anon_bytes)),
      gauge("closewait_rig_busiest_worker_ratio",
            "Share of its core that the busiest worker used in the last second.",
            run.latest.busiest_worker),
      gauge("closewait_rig_saturated",
            "1 when connections of the last minute began so late that latencies say nothing.",
            so_far.saturated ? 1 : 0),
  };
}

MetricFamilies about_the_network(const Run& run) {
  return {
      counter("closewait_network_listen_overflows_total",
              "Connections that a full accept queue of this network had no room for.",
              number(run.network.listen_overflows)),
      counter("closewait_network_listen_drops_total",
              "SYNs and handshakes that listeners of this network dropped.",
              number(run.network.listen_drops)),
      counter("closewait_network_syn_retransmits_total", "SYNs sent again in this network.",
              number(run.network.syn_retransmits)),
      counter("closewait_network_conntrack_drops_total",
              "Connections that the firewall's table had no room for.",
              number(run.network.conntrack_drops)),
      counter("closewait_network_resets_sent_total", "RSTs that the kernel sent in this network.",
              number(run.network.resets_sent)),
      counter("closewait_network_aborts_on_data_total",
              "Connections of this network that close() reset since SO_LINGER asked for it.",
              number(run.network.aborts_on_data)),
      counter("closewait_network_aborts_on_close_total",
              "Connections of this network that close() reset since they had bytes unread.",
              number(run.network.aborts_on_close)),
  };
}

prometheus::MetricFamily verdict_family(Verdict so_far) {
  std::vector<MetricValue> values;
  for (std::size_t i = 0; i < kVerdictNames.size(); ++i) {
    const bool is_it = static_cast<std::size_t>(so_far) == i;
    values.push_back({{{"verdict", std::string(kVerdictNames[i])}}, is_it ? 1.0 : 0.0});
  }
  return gauge_family("closewait_verdict", "1 for the verdict so far, 0 for the others.", values);
}

MetricFamilies where_it_stands(const Run& run, const RunSoFar& so_far) {
  std::vector<MetricValue> phases;
  const bool on = !run.end && !run.phases.empty() && run.phases.back().begins;
  for (const auto& [name, kind] : so_far.phases) {
    const bool this_one = on && run.phases.back().name == name && run.phases.back().kind == kind;
    phases.push_back(
        {{{"phase", name}, {"kind", std::string(kPhaseKindNames[static_cast<std::size_t>(kind)])}},
         this_one ? 1.0 : 0.0});
  }
  std::uint64_t cycles = 0;
  for (const PhaseLine& each : run.phases) cycles = std::max(cycles, each.cycle);
  return {
      gauge_family("closewait_phase", "1 for the phase that is on, 0 for the others.", phases),
      counter("closewait_cycles_total", "Cycles that have begun after the warm-up.",
              number(cycles)),
      counter("closewait_rests_total", "Rests that have ended with a census.",
              number(run.rests.size())),
  };
}

prometheus::MetricFamily host_faults(const Run& run) {
  std::vector<MetricValue> values;
  for (std::size_t i = 0; i < kHostFaultNames.size(); ++i) {
    for (const bool done : {true, false}) {
      const auto count = std::ranges::count_if(run.host_faults, [&](const HostFault& each) {
        return each.fault == static_cast<HostFaultKind>(i) && each.is_done() == done;
      });
      values.push_back(
          {{{"fault", std::string(kHostFaultNames[i])}, {"outcome", done ? "done" : "failed"}},
           static_cast<double>(count)});
    }
  }
  return counter_family("closewait_host_faults_total",
                        "Faults to the target's process, by how it went.", values);
}

MetricFamilies findings(const std::vector<Finding>& found) {
  std::map<FindingKind, std::uint64_t> counts;
  std::vector<MetricValue> sizes;
  for (const Finding& each : found) {
    ++counts[each.kind];
    if (each.per_connection <= 0) continue;
    sizes.push_back({{{"kind", std::string(name_of(each.kind))}, {"behaviour", label_of(each)}},
                     each.per_connection});
  }
  std::vector<MetricValue> kinds;
  for (std::size_t i = 0; i < kFindingKindNames.size(); ++i) {
    kinds.push_back({{{"kind", std::string(kFindingKindNames[i])}},
                     number(counts[static_cast<FindingKind>(i)])});
  }
  return {
      gauge_family("closewait_findings", "Findings so far, judged anew at every rest.", kinds),
      gauge_family(
          "closewait_finding_per_connection",
          "What a connection leaves, of each finding that has a size: descriptors, bytes, ...",
          sizes),
  };
}

prometheus::MetricFamily leaked_connections(const Run& run, const std::vector<Finding>& found) {
  std::map<std::string, std::uint64_t> leaked;
  for (const Finding& each : found) {
    if (is_leak(each.kind)) leaked[each.behaviour] += each.connections;
  }
  std::vector<MetricValue> values;
  for (const std::string& name : run.header.behaviours) {
    values.push_back({{{"behaviour", name}}, number(leaked[name])});
  }
  return gauge_family("closewait_leaked_connections",
                      "Connections the target still holds though two rests saw their client gone.",
                      values);
}

struct ClientCounter {
  const char* name;
  const char* help;
  std::uint64_t ClientCounts::*member;
};

constexpr std::array kClientCounters{
    ClientCounter{"closewait_clients_planned_total", "Arrivals of the plan.",
                  &ClientCounts::planned},
    ClientCounter{"closewait_clients_skipped_total",
                  "Not tried: open_at_most was reached or the phase was over.",
                  &ClientCounts::skipped},
    ClientCounter{"closewait_clients_opened_total", "Connected.", &ClientCounts::opened},
    ClientCounter{"closewait_clients_wrong_total",
                  "Delivered, with other bytes or another status than owed.", &ClientCounts::wrong},
    ClientCounter{"closewait_responses_altered_total", "Responses with other bytes than owed.",
                  &ClientCounts::altered},
    ClientCounter{"closewait_responses_other_status_total",
                  "Whole responses of another status than owed.", &ClientCounts::other_status},
    ClientCounter{"closewait_responses_truncated_total",
                  "Owed responses that the target ended in their middle.",
                  &ClientCounts::truncated},
    ClientCounter{"closewait_responses_unanswered_total",
                  "Owed responses of which nothing came, or nothing further.",
                  &ClientCounts::unanswered},
    ClientCounter{"closewait_clients_innocent_closed_total",
                  "Polite clients that the target ended without a word, though it owed nothing.",
                  &ClientCounts::innocent_closed},
    ClientCounter{"closewait_clients_outstayed_total",
                  "Silent for longer than the target promises to bear.", &ClientCounts::outstayed},
    ClientCounter{"closewait_ends_intended_total", "Ends that the rig carried out.",
                  &ClientCounts::intended},
    ClientCounter{"closewait_ends_confirmed_total", "Ends proven to have happened.",
                  &ClientCounts::confirmed},
    ClientCounter{"closewait_rig_errors_total", "Connections that failed by the rig's own lack.",
                  &ClientCounts::rig_errors},
};

MetricFamilies counts_of_clients(const Run& run) {
  const auto& names = run.header.behaviours;
  MetricFamilies families;
  for (const ClientCounter& each : kClientCounters) {
    std::vector<MetricValue> values;
    for (std::size_t i = 0; i < names.size(); ++i) {
      values.push_back(
          {{{"behaviour", names[i]}}, number(run.whole.clients[i].counts.*each.member)});
    }
    families.push_back(counter_family(each.name, each.help, values));
  }
  std::vector<MetricValue> outcomes;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < kOutcomes; ++j) {
      outcomes.push_back({{{"behaviour", names[i]}, {"outcome", std::string(kOutcomeNames[j])}},
                          number(run.whole.clients[i].counts.outcomes[j])});
    }
  }
  families.push_back(counter_family("closewait_clients_ended_total",
                                    "Clients that ended, by how it went.", outcomes));
  families.push_back(counter("closewait_resets_intended_total", "Resets that clients carried out.",
                             number(run.resets_intended())));
  families.push_back(counter("closewait_resets_confirmed_total",
                             "Resets of clients proven to have happened.",
                             number(run.resets_confirmed())));
  return families;
}

struct ClientHistogram {
  const char* name;
  const char* help;
  Histogram ClientTally::*member;
};

constexpr std::array kClientHistograms{
    ClientHistogram{"closewait_connect_duration_seconds", "From the actual start to connected.",
                    &ClientTally::connect},
    ClientHistogram{"closewait_response_duration_seconds",
                    "From the planned instant to the last byte.", &ClientTally::response},
    ClientHistogram{"closewait_reap_duration_seconds",
                    "From the client's end until the kernel destroyed the target's socket.",
                    &ClientTally::reap},
};

MetricFamilies durations(const Run& run) {
  MetricFamilies families;
  for (const ClientHistogram& each : kClientHistograms) {
    std::vector<MetricHistogram> histograms;
    for (std::size_t i = 0; i < run.header.behaviours.size(); ++i) {
      histograms.push_back(
          {{{"behaviour", run.header.behaviours[i]}}, &(run.whole.clients[i].*each.member)});
    }
    families.push_back(histogram_family(each.name, each.help, histograms));
  }
  families.push_back(histogram_family("closewait_lag_seconds",
                                      "From the planned to the actual start of a connection.",
                                      {{{}, &run.whole.lag}}));
  return families;
}

}  // namespace

MetricFamilies run_metrics(const Run& run, const RunSoFar& so_far) {
  MetricFamilies families = about_the_run(run, so_far);
  append(families, about_the_network(run));
  families.push_back(verdict_family(so_far.verdict));
  append(families, where_it_stands(run, so_far));
  families.push_back(host_faults(run));
  append(families, findings(so_far.findings));
  families.push_back(leaked_connections(run, so_far.findings));
  append(families, counts_of_clients(run));
  append(families, durations(run));
  append(families, target_metrics(run, so_far.target_is_seen));
  add_labels(families, {{"run", so_far.name}});
  return families;
}

}  // namespace closewait
