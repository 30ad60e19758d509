#pragma once

#include <string>

#include "loadgen/yaml_tree.h"

namespace closewait {

// The tree as YAML that reads back as the same: maps of maps in blocks, the rest on one line each.
// Environment variables stay as they were written. Pure.
[[nodiscard]] std::string write_yaml(const YamlNode& root);

}  // namespace closewait
