#pragma once

#include <string>
#include <vector>

namespace closewait {

// What pairs of runs made side by side come to.
struct Ratios {
  double median = 0;
  double least = 0;
  double low = 0;   // a quarter of them is below
  double high = 0;  // a quarter of them is above
  double most = 0;
};
[[nodiscard]] Ratios ratios_of(const std::vector<double>& numerators,
                               const std::vector<double>& denominators);
[[nodiscard]] double median_of(std::vector<double> values);

// Puts this thread on one core, and what it starts from then on.
void pin_to_core(int core);

}  // namespace closewait
