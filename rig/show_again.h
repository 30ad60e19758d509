#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "loadgen/scenario.h"
#include "record/finding.h"

namespace closewait {

// What shows a finding again.

// The clients of a phase that `wanted` names, with their parameters and weights.
[[nodiscard]] std::vector<ClientMix> clients_of(
    const Phase& phase, const std::function<bool(const Behaviour&)>& wanted);

// How many cycles it takes: growth takes several rests.
[[nodiscard]] std::uint64_t cycles_to_show(const Finding& finding);

// The settings of a run that shows it: the storms with nothing but its behaviour, and polite
// clients where it is judged beside them. Nothing when the behaviour is not known: it takes all of
// the mix.
[[nodiscard]] std::vector<Setting> settings_to_show(const Finding& finding,
                                                    const Scenario& scenario);

}  // namespace closewait
