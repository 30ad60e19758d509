#include "loadgen/yaml_problems.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/error.h"

namespace closewait {
namespace {

// Sources without lines come after those with.
std::tuple<std::size_t, std::size_t> order_of(const Place& place) {
  if (place.line == 0) return {std::numeric_limits<std::size_t>::max(), 0};
  return {place.line, place.column};
}

}  // namespace

std::string Place::to_string() const {
  if (line == 0) return source;
  return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void Problems::add(const Place& place, const std::string& what) {
  problems_.push_back({place, what});
}

void Problems::add(const Problems& others) {
  problems_.insert(problems_.end(), others.problems_.begin(), others.problems_.end());
}

std::string Problems::to_string() const {
  std::vector<const Problem*> sorted;
  for (const Problem& problem : problems_) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem* a, const Problem* b) {
    return order_of(a->place) < order_of(b->place);
  });
  std::string text;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i != 0) text += "\n";
    text += sorted[i]->place.to_string() + ": ";
    if (i + 1 == kMostTold && sorted.size() > kMostTold) {
      return text + std::to_string(sorted.size() - i) + " more problems from here on";
    }
    text += sorted[i]->what;
  }
  return text;
}

void Problems::throw_if_any() const {
  if (!empty()) throw UsageError(to_string());
}

}  // namespace closewait
