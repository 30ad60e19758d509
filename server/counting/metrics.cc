#include "server/counting/metrics.h"

#include <span>
#include <string_view>

#include "metrics/process_metrics.h"

namespace closewait {
namespace {

// One series for each name, in the order of the names.
std::vector<MetricValue> labelled(const std::string& label, std::span<const std::string_view> names,
                                  std::span<const std::uint64_t> counts) {
  std::vector<MetricValue> values;
  for (std::size_t i = 0; i < names.size(); ++i) {
    values.push_back({{{label, std::string(names[i])}}, static_cast<double>(counts[i])});
  }
  return values;
}

prometheus::MetricFamily total(std::string name, std::string help, std::uint64_t value) {
  return counter(std::move(name), std::move(help), static_cast<double>(value));
}

}  // namespace

MetricFamilies server_families(const Totals& totals, const Service& service,
                               std::span<const pid_t> children) {
  MetricFamilies families{
      gauge_family("closewait_server_info", "Always 1.",
                   {{{{"version", CLOSEWAIT_VERSION}, {"service", std::string(service.name)}}, 1}}),
      gauge("closewait_server_connections_open", "Connections accepted and not closed.",
            static_cast<double>(totals.open())),
      total("closewait_server_accepted_total", "Connections accepted.", totals.accepted),
      counter_family("closewait_server_closed_total", "Connections closed, by reason.",
                     labelled("reason", kCloseReasonNames, totals.closed)),
      total("closewait_server_received_bytes_total", "Bytes read from connections.",
            totals.received_bytes),
      total("closewait_server_sent_bytes_total", "Bytes written to connections.",
            totals.sent_bytes),
      counter_family("closewait_server_accept_errors_total", "Failures of accept(), by errno.",
                     labelled("errno", kAcceptErrorNames, totals.accept_errors)),
      total("closewait_server_turned_away_total",
            "Connections accepted with a reserved descriptor for want of another and closed.",
            totals.turned_away),
      gauge("closewait_server_buffered_bytes", "Bytes read and not served, and bytes owed.",
            static_cast<double>(totals.buffered_bytes)),
      histogram_family("closewait_server_loop_duration_seconds", "From one epoll_wait to the next.",
                       {{{}, &totals.batches}}),
      total("closewait_server_stale_events_total",
            "Epoll events dropped because their connection was gone.", totals.stale_events)};
  append(families, process_families_with(children));
  return families;
}

}  // namespace closewait
