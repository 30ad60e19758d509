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

// What others do to polite clients: the behaviour that it names, if any, is a victim's.
[[nodiscard]] bool is_of_a_victim(const Finding& finding);

// The settings of a run that shows it: the storms with nothing but its behaviour, and polite
// clients where it is judged beside them. What is done to victims takes the mix's polite clients
// and `culprit`. Nothing when that is not known ("") or the finding has no behaviour: it takes all
// of the mix.
[[nodiscard]] std::vector<Setting> settings_to_show(const Finding& finding,
                                                    const Scenario& scenario,
                                                    std::string_view culprit = {});

}  // namespace closewait
