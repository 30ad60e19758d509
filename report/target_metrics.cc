#include "report/target_metrics.h"

#include <algorithm>
#include <map>
#include <string>

namespace closewait {
namespace {

std::vector<MetricValue> by(const char* label, const std::map<std::string, std::uint64_t>& counts) {
  std::vector<MetricValue> values;
  for (const auto& [name, count] : counts) values.push_back({{{label, name}}, number(count)});
  return values;
}

MetricFamilies of_the_last_second(const Sample& sample) {
  return {
      gauge("closewait_target_fds", "Open descriptors of the target.", number(sample.fds)),
      counter("closewait_target_cpu_seconds_total", "User and system time of the target.",
              sample.cpu_seconds),
      gauge("closewait_target_anonymous_memory_bytes", "RssAnon of the target.",
            number(sample.anon_bytes)),
      gauge("closewait_target_resident_memory_bytes", "VmRSS of the target.",
            number(sample.rss_bytes)),
      gauge("closewait_target_threads", "Threads of the target.", number(sample.threads)),
      gauge("closewait_target_processes", "Processes of the target.", number(sample.processes)),
      gauge("closewait_target_listen_queue", "Connections that wait to be accepted.",
            number(sample.listen_queue)),
      gauge("closewait_target_listen_queue_limit", "How many may wait to be accepted.",
            number(sample.listen_limit)),
  };
}

// The target's connections whose client is gone, as far as a descriptor holds them.
std::vector<MetricValue> outstanding(const Run& run) {
  std::map<std::string, std::uint64_t> held;
  for (const std::string& name : run.header.behaviours) held[name] = 0;
  for (const Outstanding& each : run.rests.back().outstanding) {
    const auto unheld = each.states.find(kUnheldState);
    const std::uint64_t not_held = unheld == each.states.end() ? 0 : unheld->second;
    held[each.behaviour] += each.count - std::min(each.count, not_held);
  }
  return by("behaviour", held);
}

std::vector<MetricValue> fds_per_1000_connections(const Run& run) {
  const Census& first = run.rests.front();
  const Census& last = run.rests.back();
  if (last.served <= first.served || last.sample.fds == 0) return {};
  const double grown = number(last.sample.fds) - number(first.sample.fds);
  return {{{}, 1000 * grown / number(last.served - first.served)}};
}

MetricFamilies of_the_last_rest(const Run& run) {
  const Census& last = run.rests.back();
  std::map<std::string, std::uint64_t> sockets = last.sockets_by_state;
  sockets[kDeadState] = last.dead_sockets;
  return {
      gauge_family("closewait_rest_fds", "At the last rest: descriptors by kind.",
                   by("kind", last.fds_by_kind)),
      gauge_family("closewait_rest_sockets", "At the last rest: sockets by state.",
                   by("state", sockets)),
      gauge("closewait_rest_epoll_registrations",
            "At the last rest: descriptors in the target's epoll sets.",
            number(last.epoll_registrations)),
      gauge("closewait_rest_epoll_ghosts",
            "At the last rest: of these, whose descriptor is closed.", number(last.epoll_ghosts)),
      gauge("closewait_rest_busy_cores",
            "CPU time of the target in the quiet time of the last rest, in cores.",
            last.busy_cores),
  };
}

}  // namespace

MetricFamilies target_metrics(const Run& run, bool is_seen) {
  std::uint64_t lost = 0;
  for (const Census& rest : run.rests) lost += rest.events_lost;
  MetricFamilies families{counter("closewait_destroy_events_lost_total",
                                  "Destroy events that the kernel's buffer had no room for.",
                                  number(lost))};
  if (!run.rests.empty()) {
    families.push_back(gauge_family("closewait_outstanding_connections",
                                    "Held by the target at the last rest, their client gone.",
                                    outstanding(run)));
  }
  if (!is_seen || run.latest.t == 0) return families;
  families.push_back(gauge("closewait_target_up", "1 while the target's processes can be seen.",
                           run.latest.sample ? 1 : 0));
  if (run.latest.sample) {
    append(families, of_the_last_second(*run.latest.sample));
    families.push_back(gauge_family("closewait_target_sockets",
                                    "TCP sockets of the target's port on its side, by state.",
                                    by("state", run.latest.sockets_by_state)));
  }
  if (!run.rests.empty()) {
    append(families, of_the_last_rest(run));
    families.push_back(gauge_family(
        "closewait_target_fds_per_1000_connections",
        "Growth of the target's descriptors between the first rest and the last, per 1000 "
        "connections.",
        fds_per_1000_connections(run)));
  }
  return families;
}

}  // namespace closewait
