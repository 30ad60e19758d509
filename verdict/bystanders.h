#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "record/expectation.h"
#include "record/run.h"
#include "verdict/judged.h"

namespace closewait {

// What others do to the polite ones. Pure.

// innocent-closed: a polite client that had all it asked for, was told no goodbye and had not ended
// itself was ended: the outside sign of a descriptor that was closed twice or used again. Only of
// `promised` behaviours, whose connections the target has promised to keep that long.
[[nodiscard]] Judged innocents_closed(const Run& run, const std::set<std::string>& promised);

// The phases with polite clients alone.
struct PoliteControl {
  bool same_rate = false;  // one of them is as fast as the storms at their fastest
  // Whether what does not hold in the storms holds in them.
  std::function<bool(const ExpectationResult&)> holds;
};

// bystander-harm: an expectation of polite clients (what share of them failed, how long they
// waited) that does not hold while others are there, and holds in a phase of the same rate with
// polite ones alone.
[[nodiscard]] Judged bystander_harm(const Run& run,
                                    const std::vector<ExpectationResult>& expectations,
                                    const PoliteControl& control);

}  // namespace closewait
