#include "report/brief.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "record/expectation.h"

namespace closewait {

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string brief_seconds(double seconds) {
  constexpr double kMost = 9e9;  // as nanoseconds still an int64
  if (!std::isfinite(seconds)) return std::string(kNotMeasured);
  return brief_duration(from_seconds(std::clamp(seconds, 0.0, kMost)));
}

std::string brief_number(std::string_view path, double value) {
  if (!std::isfinite(value)) return std::string(kNotMeasured);
  switch (unit_of(path).value_or(NumberUnit::kCount)) {
    case NumberUnit::kSeconds:
      return brief_seconds(value);
    case NumberUnit::kRatio:
      return fmt::format("{:.3g}%", value * 100);
    case NumberUnit::kCount:
      break;
  }
  return fmt::format("{:.10g}", value);
}

std::string brief_extent(const Finding& finding) {
  const double size = finding.per_connection;
  const int digits = finding.kind == FindingKind::kMemoryGrowth ? 0 : size < 0.01 ? 5 : 2;
  return fmt::format("{:.{}f} {}", size, digits, unit_of(finding.kind));
}

}  // namespace closewait
