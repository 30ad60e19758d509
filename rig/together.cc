#include "rig/together.h"

#include <algorithm>

#include "loadgen/first_on_cpu.h"

namespace closewait {

bool asks_together(const Scenario& scenario) {
  return std::ranges::any_of(scenario.cycle, [](const Phase& phase) { return phase.together > 1; });
}

std::string Together::begin(const Phase& phase) {
  if (phase.together <= 1) return "";
  std::string lacks = why_not_first();
  Observer* observer = target_.observer();
  one_cpu_.emplace(*guardian_);
  const std::string apart =
      observer == nullptr ? target_.why_unseen() : one_cpu_->keep(observer->pids(), shared_cpu());
  if (!apart.empty()) lacks += (lacks.empty() ? "" : "; ") + ("one CPU with the target: " + apart);
  return lacks;
}

bool Together::end() {
  if (!one_cpu_) return true;
  const bool undone = one_cpu_->undo().empty();
  one_cpu_.reset();
  return undone;
}

}  // namespace closewait
