#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "loadgen/yaml_problems.h"

namespace closewait {

struct YamlEntry;

// A YAML value that remembers where it was written. Plain data that owns all below it.
struct YamlNode {
  enum class Kind { kEmpty, kScalar, kList, kMap };

  Kind kind = Kind::kEmpty;
  Place place;
  std::string text;                // of a scalar, with environment variables replaced
  std::string written;             // the same without
  std::vector<YamlNode> items;     // of a list
  std::vector<YamlEntry> entries;  // of a map, in order, no key twice

  // The entry of a map, or nullptr.
  [[nodiscard]] YamlEntry* find(std::string_view key);
  [[nodiscard]] const YamlEntry* find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  Place place;  // of the key
  YamlNode value;
};

// "a map", "a list", "'text'", "empty": what stands there, for a message.
[[nodiscard]] std::string describe(const YamlNode& node);

// Nobody writes more than this by hand; it bounds what a hostile file can cost.
inline constexpr std::size_t kMostYamlBytes = 1024 * 1024;
inline constexpr std::size_t kMostYamlNodes = 10'000;
inline constexpr std::size_t kDeepestYaml = 16;

// The text of a file, or of a longer one so much that read_yaml() refuses it.
[[nodiscard]] Result<std::string> read_yaml_file(const std::string& path);

// Reads one YAML document. Repeated keys, anchors, aliases, merge keys, tags and keys that are no
// words are problems, beside a tree of the rest; after a syntax error or one of the limits above
// the tree is empty. Places are in `source`, with lines if `with_lines`.
[[nodiscard]] YamlNode read_yaml(const std::string& text, const std::string& source,
                                 bool with_lines, Problems& problems);

}  // namespace closewait
