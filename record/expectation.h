#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace closewait {

// A bound on a number of result.json: path `latency.polite.response.p99`, bound `< 5x control`.
struct Expectation {
  enum class Relation { kLess, kAtMost, kMore, kAtLeast, kEqual };

  std::string path;
  std::string bound;  // as written
  Relation relation = Relation::kLess;
  double value = 0;            // in seconds, bytes, a ratio or a count
  bool times_control = false;  // `value` multiplies the same path of the control phases
};

// What the numbers of result.json that can be expected something of are counted in.
enum class NumberUnit : std::uint8_t { kCount, kSeconds, kRatio };

// The unit of the number at `path` in result.json, whatever the behaviours are called; nothing
// when it has no such number, so that a misspelt path can be refused before a run.
[[nodiscard]] std::optional<NumberUnit> unit_of(std::string_view path);

// Reads "< 0.1%", "<= 250ms", "> 100", "< 5x control", "== 0", "< 64KiB".
// errc::invalid_argument when it cannot be read or is in another unit than `path` is (a path
// that unit_of() does not know takes any).
[[nodiscard]] Result<Expectation> parse_expectation(std::string_view path, std::string_view bound);
inline constexpr std::string_view kBoundExample =
    "a bound such as '< 250ms', '< 0.1%' or '< 5x control'";

[[nodiscard]] bool holds(Expectation::Relation relation, double value, double bound);

// An expectation, judged.
struct ExpectationResult {
  std::string path;
  std::string bound;
  double value = 0;
  double limit = 0;  // what the bound came to
  bool held = false;

  friend bool operator==(const ExpectationResult&, const ExpectationResult&) = default;
};

}  // namespace closewait
