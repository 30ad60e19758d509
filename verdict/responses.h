#pragma once

#include <set>
#include <string>

#include "record/run.h"
#include "verdict/judged.h"

namespace closewait {

// What the target gave to those whom it owed a response: lost-response and wrong-response, one a
// behaviour. Other bytes than owed, and an end in the middle of a response, are wrong each by
// itself. Where not a byte came, or another status, the target may only have turned clients away,
// whoever they were: that is judged where it met a behaviour more often than the polite ones of the
// same phases, and by no chance. Phases with host faults are left out, and so is everything when
// the target crashed or none at all was as owed. To those of `unpromised` no response is owed that
// the target loses. Pure.
[[nodiscard]] Judged judge_responses(const Run& run, const std::set<std::string>& unpromised);

// The chance that of `all` clients at least `hits` are met, when what met them met them and the
// `others`, of whom `other_hits` were met, alike (Fisher's exact test, one-sided).
struct Comparison {
  std::uint64_t hits = 0;
  std::uint64_t all = 0;
  std::uint64_t other_hits = 0;
  std::uint64_t others = 0;
};
[[nodiscard]] double chance_of(const Comparison& seen);

}  // namespace closewait
