#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/run.h"

namespace closewait {

inline constexpr int kResultSchema = 1;

// result.json: a run in seconds and bytes, its fields as docs and expectations name them. What
// was not measured is null: the quantiles of nothing, the failed share of no client.
[[nodiscard]] nlohmann::ordered_json result_of(const Run& run);

// `clients`, `latency` and `lag` in the same shape, of the control phases alone: what a bound
// such as `< 5x control` multiplies.
[[nodiscard]] nlohmann::ordered_json control_result(const Run& run);

// The number at a dotted path such as `latency.polite.response.p99`; nothing when there is none.
[[nodiscard]] std::optional<double> number_at(const nlohmann::ordered_json& result,
                                              std::string_view path);

// The verdict of a run with or without an end line. A killed run is inconclusive, unless it has
// findings: fail beats inconclusive.
[[nodiscard]] Verdict verdict_of(const Run& run);
[[nodiscard]] std::vector<std::string> inconclusive_because(const Run& run);

}  // namespace closewait
