#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace closewait {

// Quantities as people write them. Each parser takes the whole text or nothing: an unknown unit,
// a sign, blanks inside or a value out of range give errc::invalid_argument; the caller says what
// was expected with the texts below.

// "64KiB", "8MiB", "1GiB", "2kB", "1MB", "1500", "1500B": a count of bytes.
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);
inline constexpr std::string_view kBytesExample = "a size such as 64KiB";

// "250ms", "10us", "1.5s", "30m", "8h", "2d" and sums of them as "1m30s". A unit is required.
[[nodiscard]] Result<Nanoseconds> parse_duration(std::string_view text);
inline constexpr std::string_view kDurationExample = "a duration such as 250ms";

// "2000/s", "30/m", "0.5/s": events per second.
[[nodiscard]] Result<double> parse_rate(std::string_view text);
inline constexpr std::string_view kRateExample = "a rate such as 2000/s";

// "512KiB/s": bytes per second.
[[nodiscard]] Result<double> parse_byte_rate(std::string_view text);
inline constexpr std::string_view kByteRateExample = "a rate of bytes such as 512KiB/s";

// "0.1%" is 0.001, and so is "0.001".
[[nodiscard]] Result<double> parse_ratio(std::string_view text);
inline constexpr std::string_view kRatioExample = "a share such as 0.1%";

// Printed so that the parser above reads the same value back (durations and sizes exactly).
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
[[nodiscard]] std::string format_duration(Nanoseconds duration);
[[nodiscard]] std::string format_rate(double per_second);
[[nodiscard]] std::string format_ratio(double ratio);

// For people: three significant digits, "1.25ms", "93.1MiB"; not exact.
[[nodiscard]] std::string brief_duration(Nanoseconds duration);
[[nodiscard]] std::string brief_bytes(double bytes);

}  // namespace closewait
