#include "report/verdict_sentence.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/brief.h"
#include "report/result.h"

namespace closewait {
namespace {

std::string plural(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::uint64_t opened(const Tally& tally) {
  std::uint64_t total = 0;
  for (const ClientTally& each : tally.clients) total += each.counts.opened;
  return total;
}

// Of findings that are accepted: without one, nothing leaked.
std::uint64_t leaked(const Run& run) {
  std::uint64_t total = 0;
  for (const Finding& each : run.findings) {
    if (is_leak(each.kind)) total += each.connections;
  }
  return total;
}

std::string pass(const Run& run) {
  const std::string leaks =
      run.rests.empty() ? "no rest to look for leaks in"
                        : fmt::format("{} over {}", plural(leaked(run), "leaked descriptor"),
                                      plural(run.rests.size(), "rest"));
  const bool expected = run.end && !run.end->expectations.empty();
  return fmt::format("PASS: {}, {}, {}.", plural(opened(run.whole), "connection"), leaks,
                     expected ? "every expectation held" : "no findings");
}

// " (412 leaked)", where connections are what was counted.
std::string extent(const Finding& finding) {
  if (finding.connections == 0) return "";
  const std::string_view what = finding.kind == FindingKind::kLostResponse    ? "lost"
                                : finding.kind == FindingKind::kWrongResponse ? "wrong"
                                                                              : "leaked";
  return fmt::format(" ({} {})", grouped(finding.connections), what);
}

std::string more(std::size_t count, std::string_view noun) {
  return count > 1 ? fmt::format(" And {}.", plural(count - 1, noun)) : "";
}

std::string fail_by_finding(const Run& run) {
  const Finding& first = run.findings.front();
  std::string what(name_of(first.kind));
  if (first.per_connection > 0) {
    what += fmt::format(", {} per {}connection{}", brief_extent(first),
                        first.behaviour.empty() ? "" : first.behaviour + " ", extent(first));
  } else if (!first.behaviour.empty()) {
    what += fmt::format(", by {}{}", first.behaviour, is_leak(first.kind) ? "" : extent(first));
  }
  const std::string again =
      first.again.empty() ? "" : fmt::format(" Show it again: {}", first.again);
  return fmt::format("FAIL: {}.{}{}", what, more(run.findings.size(), "more finding"), again);
}

std::string fail_by_expectation(const EndLine& end) {
  std::size_t broken = 0;
  const ExpectationResult* first = nullptr;
  for (const ExpectationResult& each : end.expectations) {
    if (each.held) continue;
    if (first == nullptr) first = &each;
    ++broken;
  }
  if (first == nullptr) return "FAIL.";
  return fmt::format("FAIL: {} is {}, expected {}.{}", first->path,
                     brief_number(first->path, first->value), first->bound,
                     more(broken, "more broken expectation"));
}

std::string inconclusive(const Run& run) {
  const auto reasons = inconclusive_because(run);
  return reasons.empty() ? "INCONCLUSIVE."
                         : fmt::format("INCONCLUSIVE: {}.", fmt::join(reasons, "; "));
}

}  // namespace

std::string verdict_sentence(const Run& run) {
  switch (verdict_of(run)) {
    case Verdict::kPass:
      return pass(run);
    case Verdict::kInconclusive:
      return inconclusive(run);
    case Verdict::kFail:
      break;
  }
  if (!run.findings.empty()) return fail_by_finding(run);
  return run.end ? fail_by_expectation(*run.end) : "FAIL.";
}

}  // namespace closewait
