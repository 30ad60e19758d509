#include "record/census.h"

namespace closewait {

std::uint64_t Census::outstanding_total() const {
  std::uint64_t total = 0;
  for (const Outstanding& each : outstanding) total += each.count;
  return total;
}

}  // namespace closewait
