#include "record/expectation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/units.h"

namespace closewait {
namespace {

using Relation = Expectation::Relation;

struct Sign {
  std::string_view text;
  Relation relation;
};

// The longer ones first, so that "<=" is not read as "<".
constexpr std::array kSigns{Sign{"<=", Relation::kAtMost}, Sign{">=", Relation::kAtLeast},
                            Sign{"==", Relation::kEqual}, Sign{"<", Relation::kLess},
                            Sign{">", Relation::kMore}};

constexpr std::array<std::string_view, 18> kCounts{
    "planned",   "skipped",      "opened",    "refused",    "rig_errors",
    "delivered", "preempted",    "timed_out", "cut",        "wrong",
    "altered",   "other_status", "truncated", "unanswered", "innocent_closed",
    "outstayed", "intended",     "confirmed"};
constexpr std::array<std::string_view, 6> kDurations{"mean", "p50", "p90", "p99", "p999", "max"};
constexpr std::array<std::string_view, 3> kMeasures{"connect", "response", "reap"};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Cuts `text` at its last dot: what is before it, and what is after.
std::pair<std::string_view, std::string_view> split_last(std::string_view text) {
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return {{}, text};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

// "5x control", the number taken out; nothing when it is no multiple of the control.
std::optional<double> parse_times_control(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return {};
  double factor = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, factor, std::chars_format::fixed);
  if (error != std::errc{}) return {};
  const std::string_view rest(stop, static_cast<std::size_t>(end - stop));
  if (!rest.starts_with('x') || without_blanks(rest.substr(1)) != "control") return {};
  return factor;
}

// A plain number is taken for every unit: in seconds, as in result.json, where that is one.
std::optional<double> parse_value(std::string_view text, std::optional<NumberUnit> unit) {
  const bool any = !unit.has_value();
  if (const auto share = parse_ratio(text)) {
    const bool percent = text.ends_with('%');
    if (any || !percent || unit == NumberUnit::kRatio) return *share;
  }
  if (any || unit == NumberUnit::kSeconds) {
    if (const auto duration = parse_duration(text)) return to_seconds(*duration);
  }
  if (any) {
    if (const auto bytes = parse_bytes(text)) return static_cast<double>(*bytes);
  }
  return {};
}

std::optional<NumberUnit> unit_of_duration_or_count(std::string_view leaf) {
  if (leaf == "count") return NumberUnit::kCount;
  if (contains(kDurations, leaf)) return NumberUnit::kSeconds;
  return {};
}

std::optional<NumberUnit> unit_of_client(std::string_view leaf) {
  if (leaf == "failed_ratio") return NumberUnit::kRatio;
  if (contains(kCounts, leaf)) return NumberUnit::kCount;
  return {};
}

}  // namespace

Result<Expectation> parse_expectation(std::string_view path, std::string_view bound) {
  const auto not_understood =
      boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  const std::string_view text = without_blanks(bound);
  const auto sign = std::ranges::find_if(
      kSigns, [text](const Sign& each) { return text.starts_with(each.text); });
  if (sign == kSigns.end()) return not_understood;
  const std::string_view amount = without_blanks(text.substr(sign->text.size()));
  if (amount.empty()) return not_understood;

  Expectation expectation{.path = std::string(path),
                          .bound = std::string(text),
                          .relation = sign->relation,
                          .value = 0,
                          .times_control = false};
  if (const auto factor = parse_times_control(amount)) {
    expectation.value = *factor;
    expectation.times_control = true;
    return expectation;
  }
  const auto value = parse_value(amount, unit_of(path));
  if (!value) return not_understood;
  expectation.value = *value;
  return expectation;
}

std::optional<NumberUnit> unit_of(std::string_view path) {
  if (path == "duration_s" || path == "unavailable_s") return NumberUnit::kSeconds;
  const auto [parent, leaf] = split_last(path);
  if (parent == "lag") return unit_of_duration_or_count(leaf);
  if (parent.starts_with("clients.") && parent.find('.') == parent.rfind('.')) {
    return unit_of_client(leaf);
  }
  const auto [family, measure] = split_last(parent);
  if (family.starts_with("latency.") && family.find('.') == family.rfind('.') &&
      contains(kMeasures, measure)) {
    return unit_of_duration_or_count(leaf);
  }
  return {};
}

bool holds(Relation relation, double value, double bound) {
  switch (relation) {
    case Relation::kLess:
      return value < bound;
    case Relation::kAtMost:
      return value <= bound;
    case Relation::kMore:
      return value > bound;
    case Relation::kAtLeast:
      return value >= bound;
    case Relation::kEqual:
      return value == bound;
  }
  return false;
}

}  // namespace closewait
