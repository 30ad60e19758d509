#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "record/finding.h"

namespace closewait {

// Numbers as a person reads them; result.json has the exact ones.

inline constexpr std::string_view kNotMeasured = "-";

// "2,410".
[[nodiscard]] std::string grouped(std::uint64_t number);

// "3.1ms"; negative counts as zero, what is not finite as not measured.
[[nodiscard]] std::string brief_seconds(double seconds);

// What a connection leaves: "1.00 descriptors", "81 bytes".
[[nodiscard]] std::string brief_extent(const Finding& finding);

// A number of result.json in the unit that its path has: "3.1ms", "0.02%", "412".
[[nodiscard]] std::string brief_number(std::string_view path, double value);

}  // namespace closewait
