#include "bench/ratios.h"

#include <sched.h>

#include <algorithm>

#include "base/error.h"

namespace closewait {

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

Ratios ratios_of(const std::vector<double>& numerators, const std::vector<double>& denominators) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < numerators.size(); ++i) {
    ratios.push_back(numerators[i] / denominators[i]);
  }
  if (ratios.empty()) return {};
  std::ranges::sort(ratios);
  const std::size_t quarter = ratios.size() / 4;
  return {.median = median_of(ratios),
          .least = ratios.front(),
          .low = ratios[quarter],
          .high = ratios[ratios.size() - 1 - quarter],
          .most = ratios.back()};
}

void pin_to_core(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (::sched_setaffinity(0, sizeof(set), &set) != 0) {
    throw SetupError("sched_setaffinity: " + describe(last_error()));
  }
}

}  // namespace closewait
