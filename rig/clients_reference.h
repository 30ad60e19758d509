#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "faults/behaviour.h"

namespace closewait {

// All that a row says, for programs: sizes in bytes, durations in seconds, rates in bytes a second.
[[nodiscard]] nlohmann::ordered_json json_of(const Behaviour& behaviour);
// All rows: {"behaviours": [...]}.
[[nodiscard]] nlohmann::ordered_json json_of_catalogue();

// docs/behaviours.md.
[[nodiscard]] std::string markdown_of_catalogue();

}  // namespace closewait
