#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace closewait {
namespace {

struct Unit {
  std::string_view name;
  double scale;
};

constexpr std::array kByteUnits{Unit{"", 1.0},
                                Unit{"B", 1.0},
                                Unit{"kB", 1e3},
                                Unit{"KB", 1e3},
                                Unit{"MB", 1e6},
                                Unit{"GB", 1e9},
                                Unit{"KiB", 1024.0},
                                Unit{"MiB", 1048576.0},
                                Unit{"GiB", 1073741824.0},
                                Unit{"TiB", 1099511627776.0}};
constexpr std::array kDurationUnits{Unit{"ns", 1.0},   Unit{"us", 1e3},   Unit{"ms", 1e6},
                                    Unit{"s", 1e9},    Unit{"m", 60e9},   Unit{"min", 60e9},
                                    Unit{"h", 3600e9}, Unit{"d", 86400e9}};
constexpr std::array kRateUnits{Unit{"/s", 1.0}, Unit{"/m", 1.0 / 60}, Unit{"/min", 1.0 / 60},
                                Unit{"/h", 1.0 / 3600}};
constexpr std::array kRatioUnits{Unit{"", 1.0}, Unit{"%", 0.01}};

error_code not_understood() {
  return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
}

// Takes a plain decimal number (no sign, no exponent) off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  const auto end = text.find_first_not_of("0123456789.");
  const auto digits = text.substr(0, end);
  double value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                             std::chars_format::fixed);
  if (digits.empty() || error != std::errc{} || stop != digits.data() + digits.size()) return {};
  text.remove_prefix(digits.size());
  return value;
}

template <class Units>
std::optional<double> scale_of(const Units& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.scale;
  }
  return {};
}

// One number and one unit, nothing after it.
template <class Units>
Result<double> parse_quantity(std::string_view text, const Units& units) {
  const auto number = take_number(text);
  if (!number) return not_understood();
  const auto scale = scale_of(units, text);
  if (!scale || !std::isfinite(*number * *scale)) return not_understood();
  return *number * *scale;
}

std::string trimmed(double value) { return fmt::format("{:.10g}", value); }

struct IntegerUnit {
  std::string_view name;
  std::uint64_t scale;
};

// The largest unit that divides the value, so that what is printed is exact.
template <class Units>
std::string format_exact(std::uint64_t value, const Units& units) {
  for (const IntegerUnit& unit : units) {
    if (value != 0 && value % unit.scale == 0) {
      return fmt::format("{}{}", value / unit.scale, unit.name);
    }
  }
  return fmt::format("{}{}", value, units.back().name);
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = parse_quantity(text, kByteUnits);
  if (!bytes) return bytes.error();
  constexpr double kMost = 9e18;
  if (*bytes > kMost || *bytes != std::floor(*bytes)) return not_understood();
  return static_cast<std::uint64_t>(*bytes);
}

Result<Nanoseconds> parse_duration(std::string_view text) {
  if (text.empty()) return not_understood();
  double total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return not_understood();
    const auto name = text.substr(0, text.find_first_of("0123456789."));
    const auto scale = scale_of(kDurationUnits, name);
    if (!scale) return not_understood();
    total += *number * *scale;
    text.remove_prefix(name.size());
  }
  constexpr double kMost = 9e18;
  if (total > kMost) return not_understood();
  return Nanoseconds(std::llround(total));
}

Result<double> parse_rate(std::string_view text) { return parse_quantity(text, kRateUnits); }

Result<double> parse_byte_rate(std::string_view text) {
  constexpr std::string_view kPerSecond = "/s";
  if (!text.ends_with(kPerSecond)) return not_understood();
  text.remove_suffix(kPerSecond.size());
  return parse_quantity(text, kByteUnits);
}

Result<double> parse_ratio(std::string_view text) { return parse_quantity(text, kRatioUnits); }

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits{IntegerUnit{"GiB", 1U << 30}, IntegerUnit{"MiB", 1U << 20},
                              IntegerUnit{"KiB", 1U << 10}, IntegerUnit{"B", 1}};
  return format_exact(bytes, kUnits);
}

std::string format_duration(Nanoseconds duration) {
  constexpr std::array kUnits{IntegerUnit{"h", 3'600'000'000'000},
                              IntegerUnit{"m", 60'000'000'000},
                              IntegerUnit{"s", 1'000'000'000},
                              IntegerUnit{"ms", 1'000'000},
                              IntegerUnit{"us", 1'000},
                              IntegerUnit{"ns", 1}};
  if (duration.count() == 0) return "0s";
  return format_exact(static_cast<std::uint64_t>(duration.count()), kUnits);
}

std::string format_rate(double per_second) { return trimmed(per_second) + "/s"; }

std::string format_ratio(double ratio) { return trimmed(ratio * 100) + "%"; }

std::string brief_duration(Nanoseconds duration) {
  const double seconds = to_seconds(duration);
  if (seconds >= 120) {
    const auto whole = static_cast<std::int64_t>(seconds);
    if (whole >= 7200) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
    return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  }
  if (seconds >= 1) return fmt::format("{:.3g}s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.3g}ms", seconds * 1e3);
  return fmt::format("{:.3g}us", seconds * 1e6);
}

std::string brief_bytes(double bytes) {
  constexpr std::array kNames{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (std::abs(bytes) >= 1000 && unit + 1 < kNames.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.3g}{}", bytes, kNames[unit]);
}

}  // namespace closewait
