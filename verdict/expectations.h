#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "record/expectation.h"

namespace closewait {

// Where the numbers of a run are looked up: by a path in result.json.
using NumberAt = std::function<std::optional<double>(std::string_view path)>;

struct JudgedExpectations {
  std::vector<ExpectationResult> results;
  std::vector<std::string> not_judged;  // those without a number, or without a control
};

// Holds each expectation against the numbers of the run and of its control phases. What depends
// on load (a path under `latency`) is not judged while `saturated`. Pure.
[[nodiscard]] JudgedExpectations judge_expectations(const std::vector<Expectation>& expectations,
                                                    const NumberAt& run, const NumberAt& control,
                                                    bool saturated);

}  // namespace closewait
