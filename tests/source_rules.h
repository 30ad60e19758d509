#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace closewait {

// The rules of the house that a program can hold. Each complaint says what to do instead.

// A source by its path from the top of the repository ("base/units.cc").
struct SourceFile {
  std::string path;
  std::string text;
};

// "base/units.cc:12: ...", one for each place where a rule is broken. For .h, .cc and
// CMakeLists.txt.
[[nodiscard]] std::vector<std::string> complaints_about(const SourceFile& file);

// Every file below `root` that the rules are about, but for what was built or fetched.
[[nodiscard]] std::vector<SourceFile> sources_below(const std::filesystem::path& root);

}  // namespace closewait
