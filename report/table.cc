#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/units.h"
#include "report/brief.h"
#include "report/host_fault_sentence.h"
#include "report/verdict_sentence.h"
#include "report/wrap.h"

namespace closewait {
namespace {

constexpr std::size_t kLongestName = 26;
constexpr std::size_t kMostHostFaults = 12;  // told one by one

using Out = std::back_insert_iterator<std::string>;

std::string quantile(const Histogram& histogram, double q) {
  return histogram.count() == 0 ? std::string(kNotMeasured) : brief_duration(histogram.quantile(q));
}

std::string failed_share(const ClientCounts& counts) {
  if (counts.opened + counts.of(Outcome::kRefused) == 0) return std::string(kNotMeasured);
  const double percent = counts.failed_ratio() * 100;
  // Not "0 %" for a few of many: one failed client matters.
  if (percent > 0 && percent < 0.01) return "<0.01%";
  return fmt::format("{:.3g}%", percent);
}

void add_title(std::string& out, const Run& run) {
  const HeaderLine& header = run.header;
  add_wrapped(out, "", "  ",
              fmt::format("{}: {}, seed {}, {}{}", header.scenario, header.target_address,
                          header.seed, brief_seconds(run.duration_seconds),
                          run.end && run.end->finished ? "" : ", unfinished"));
}

void add_behaviours(std::string& out, const Run& run) {
  const auto& names = run.header.behaviours;
  std::size_t width = std::string_view("behaviour").size();
  for (const std::string& name : names) width = std::max(width, name.size());
  width = std::min(width, kLongestName);
  fmt::format_to(Out(out), "\n{:<{}}{:>11}{:>11}{:>11}{:>8}{:>10}{:>9}{:>10}\n", "", width, "", "",
                 "", "", "response", "", "reap");
  fmt::format_to(Out(out), "{:<{}}{:>11}{:>11}{:>11}{:>8}{:>10}{:>9}{:>10}\n", "behaviour", width,
                 "planned", "opened", "delivered", "failed", "p50", "p99", "p99");
  const Tally& measured = run.measured();
  for (std::size_t i = 0; i < names.size() && i < run.whole.clients.size(); ++i) {
    const ClientCounts& counts = run.whole.clients[i].counts;
    static const ClientTally kNone;
    const ClientTally& times = i < measured.clients.size() ? measured.clients[i] : kNone;
    fmt::format_to(Out(out), "{:<{}.{}}{:>11}{:>11}{:>11}{:>8}{:>10}{:>9}{:>10}\n", names[i], width,
                   width, grouped(counts.planned), grouped(counts.opened),
                   grouped(counts.of(Outcome::kDelivered)), failed_share(counts),
                   quantile(times.response, 0.5), quantile(times.response, 0.99),
                   quantile(times.reap, 0.99));
  }
}

void add_rests(std::string& out, const Run& run) {
  if (run.rests.empty()) return;
  fmt::format_to(Out(out), "\n{:<8}{:>9}{:>13}{:>11}{:>14}\n", "rest", "at", "connections", "fds",
                 "outstanding");
  for (const Census& rest : run.rests) {
    const std::string outstanding =
        rest.feed_available ? grouped(rest.outstanding_total()) : "not seen";
    fmt::format_to(Out(out), "{:<8}{:>9}{:>13}{:>11}{:>14}{}\n", rest.cycle, brief_seconds(rest.t),
                   grouped(rest.served), grouped(rest.sample.fds), outstanding,
                   rest.settled ? "" : "  never settled");
  }
}

// Each, or in a run with many of them those that went wrong.
void add_host_faults(std::string& out, const Run& run) {
  const auto& all = run.host_faults;
  if (all.empty()) return;
  const bool many = all.size() > kMostHostFaults;
  const auto failed = std::ranges::count_if(all, [](const auto& each) { return !each.is_done(); });
  out += '\n';
  if (many) {
    fmt::format_to(Out(out), "host faults: {}, of which {} do not count\n", grouped(all.size()),
                   grouped(static_cast<std::uint64_t>(failed)));
  }
  std::size_t told = 0;
  for (const HostFault& each : all) {
    if ((many && each.is_done()) || ++told > kMostHostFaults) continue;
    add_wrapped(out, "host fault: ", "  ",
                fmt::format("at {} in {} of cycle {}: {}", brief_seconds(each.at), each.phase,
                            each.cycle, sentence_of(each)));
  }
}

void add_findings(std::string& out, const Run& run) {
  for (const Finding& each : run.findings) {
    std::string title = fmt::format("{}", name_of(each.kind));
    if (!each.behaviour.empty()) title += " by " + each.behaviour;
    if (each.per_connection > 0) {
      title += fmt::format(", {} per connection", brief_extent(each));
    }
    if (!each.confidence.empty()) title += fmt::format(" ({})", each.confidence);
    out += '\n';
    add_wrapped(out, "finding: ", "  ", title);
    for (const std::string& line : each.evidence) add_wrapped(out, "  - ", "    ", line);
    if (!each.again.empty()) fmt::format_to(Out(out), "  again: {}\n", each.again);
  }
}

void add_expectations(std::string& out, const Run& run) {
  if (!run.end || run.end->expectations.empty()) return;
  out += '\n';
  for (const ExpectationResult& each : run.end->expectations) {
    add_wrapped(
        out, each.held ? "held    " : "broken  ", "        ",
        fmt::format("{} {}: it is {}{}", each.path, each.bound, brief_number(each.path, each.value),
                    each.bound.ends_with("control")
                        ? ", the bound " + brief_number(each.path, each.limit)
                        : ""));
  }
}

void add_not_judged(std::string& out, const Run& run) {
  if (!run.end || run.end->not_judged.empty()) return;
  out += '\n';
  for (const std::string& each : run.end->not_judged) add_wrapped(out, "not judged: ", "  ", each);
}

}  // namespace

std::string run_table(const Run& run) {
  std::string out;
  add_title(out, run);
  add_behaviours(out, run);
  add_rests(out, run);
  add_host_faults(out, run);
  add_findings(out, run);
  add_expectations(out, run);
  add_not_judged(out, run);
  out += '\n' + verdict_sentence(run) + '\n';
  return out;
}

}  // namespace closewait
