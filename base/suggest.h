#pragma once

#include <span>
#include <string>
#include <string_view>

namespace closewait {

// The name of `known` that is nearest to what was written, or "" when none is near: at most a
// third of its letters (and at least one) inserted, removed, replaced or swapped.
[[nodiscard]] std::string_view nearest(std::string_view written,
                                       std::span<const std::string_view> known);

// "; did you mean 'rst-after-connect'?", or "" when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view written,
                                       std::span<const std::string_view> known);

}  // namespace closewait
