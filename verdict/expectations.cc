#include "verdict/expectations.h"

#include <fmt/format.h>

namespace closewait {

JudgedExpectations judge_expectations(const std::vector<Expectation>& expectations,
                                      const NumberAt& run, const NumberAt& control,
                                      bool saturated) {
  JudgedExpectations judged;
  for (const Expectation& each : expectations) {
    if (saturated && each.path.starts_with("latency.")) {
      judged.not_judged.push_back(
          fmt::format("{} {}: the rig was saturated", each.path, each.bound));
      continue;
    }
    const auto value = run(each.path);
    if (!value) {
      judged.not_judged.push_back(
          fmt::format("{} {}: the run has no such number", each.path, each.bound));
      continue;
    }
    double limit = each.value;
    if (each.times_control) {
      const auto base = control(each.path);
      if (!base) {
        judged.not_judged.push_back(
            fmt::format("{} {}: the run has no phase of polite clients only to compare with",
                        each.path, each.bound));
        continue;
      }
      limit *= *base;
    }
    judged.results.push_back({.path = each.path,
                              .bound = each.bound,
                              .value = *value,
                              .limit = limit,
                              .held = holds(each.relation, *value, limit)});
  }
  return judged;
}

}  // namespace closewait
