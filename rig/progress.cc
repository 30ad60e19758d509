#include "rig/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/units.h"
#include "report/host_fault_sentence.h"

namespace closewait {
namespace {

std::uint64_t begun(const Tally& tally) {
  std::uint64_t count = 0;
  for (const ClientTally& each : tally.clients) {
    count += each.counts.opened + each.counts.of(Outcome::kRefused);
  }
  return count;
}

std::uint64_t planned(const Tally& tally) {
  std::uint64_t count = 0;
  for (const ClientTally& each : tally.clients) count += each.counts.planned;
  return count;
}

// Refused, preempted, timed out, and the rig's own.
std::uint64_t errors(const Tally& tally) {
  std::uint64_t count = 0;
  for (const ClientTally& each : tally.clients) {
    count += each.counts.rig_errors + each.counts.of(Outcome::kRefused) +
             each.counts.of(Outcome::kPreempted) + each.counts.of(Outcome::kTimedOut);
  }
  return count;
}

}  // namespace

Progress::Progress(const Setup& setup) : setup_(setup), terminal_(::isatty(STDERR_FILENO) == 1) {}

Nanoseconds Progress::polite_p99(const Tally& tally) const {
  Histogram all;
  for (std::size_t i = 0; i < tally.clients.size(); ++i) {
    if (setup_.polite[i]) all.merge(tally.clients[i].response);
  }
  return all.quantile(0.99);
}

std::string Progress::tail(const SecondLine& second) const {
  return fmt::format("errors {}, polite p99 {}{}", errors(second.tally),
                     brief_duration(polite_p99(second.tally)),
                     second.sample ? fmt::format(", fds {}", second.sample->fds) : "");
}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

void Progress::say(const std::string& line) {
  clear();
  if (setup_.phases) fmt::print(stderr, "{}\n", line);
}

void Progress::phase_begins(const PhaseLine& phase) {
  phase_ = phase;
  sum_ = SecondLine{};
}

void Progress::second(const SecondLine& second) {
  if (sum_.tally.clients.empty()) sum_.tally = Tally(second.tally.clients.size());
  sum_.tally.merge(second.tally);
  sum_.seconds += second.seconds;
  sum_.open = second.open;
  sum_.sample = second.sample;
  if (!terminal_) return;
  clear();
  const double seconds = second.seconds > 0 ? second.seconds : 1;
  fmt::print(stderr, "{} {}/{}  {} of {}  planned {:.0f}/s, begun {:.0f}/s, open {}, {}",
             phase_.name, phase_.cycle, setup_.cycles, brief_duration(from_seconds(second.t)),
             brief_duration(setup_.planned), static_cast<double>(planned(second.tally)) / seconds,
             static_cast<double>(begun(second.tally)) / seconds, second.open, tail(second));
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::phase_ends(const PhaseLine& phase) {
  if (phase.kind == PhaseKind::kRest) return;
  say(fmt::format("{:>6}  {} {}/{}: {} connections planned, {} begun, {}",
                  brief_duration(from_seconds(phase.t)), phase.name, phase.cycle, setup_.cycles,
                  planned(sum_.tally), begun(sum_.tally), tail(sum_)));
}

void Progress::host_fault_ended(const HostFault& fault) {
  say(fmt::format("{:>6}  {} {}/{}: {}", brief_duration(from_seconds(fault.until)), fault.phase,
                  fault.cycle, setup_.cycles, sentence_of(fault)));
}

void Progress::rest_ended(const Census& census) {
  say(fmt::format("{:>6}  rest {}/{}: {} connections so far, fds {}, outstanding {}{}",
                  brief_duration(from_seconds(census.t)), census.cycle, setup_.cycles,
                  census.served, census.sample.fds, census.outstanding_total(),
                  census.feed_available ? "" : " (no destroy events)"));
}

}  // namespace closewait
