#pragma once

#include "faults/http_request.h"
#include "loadgen/yaml_reader.h"

namespace closewait {

// The keys of a target that say what a client of the dialect http asks for and what status answers
// it rightly.
inline constexpr std::array<std::string_view, 5> kHttpKeys{"method", "path", "headers", "body",
                                                           "status"};

// Reads those of them that are there.
[[nodiscard]] HttpRequest read_http_request(const MapReader& target);

}  // namespace closewait
