#include "loadgen/yaml_reader.h"

#include <algorithm>

#include "base/suggest.h"
#include "loadgen/yaml_text.h"

namespace closewait {

std::string one_of(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::string suggestion(std::string_view written, std::span<const std::string_view> known) {
  const std::string near = did_you_mean(written, known);
  return near.empty() ? "; expected " + one_of(known) : near;
}

std::string mismatch(const std::string& key, const YamlNode& value, std::string_view expected) {
  return in_quotes(key) + " is " + describe(value) + "; expected " + std::string(expected);
}

MapReader::MapReader(const YamlNode& node, std::string what,
                     std::span<const std::string_view> known, Problems& problems)
    : node_(node), what_(std::move(what)), problems_(problems) {
  if (!is_map()) {
    problems_.add(node_.place,
                  what_ + " is " + describe(node_) + "; expected a map of " + one_of(known));
    return;
  }
  for (const YamlEntry& entry : node_.entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      problems_.add(entry.place, "unknown key " + in_quotes(entry.key) + " in " + what_ +
                                     suggestion(entry.key, known));
    }
  }
}

const YamlEntry* MapReader::find(std::string_view key) const { return node_.find(key); }

const YamlEntry* MapReader::require(std::string_view key, std::string_view expected) const {
  const YamlEntry* entry = find(key);
  if (entry == nullptr && is_map()) {
    problems_.add(node_.place,
                  what_ + " has no " + in_quotes(key) + "; expected " + std::string(expected));
  }
  return entry;
}

std::span<const YamlNode> MapReader::items(const YamlEntry& entry, std::string_view expected,
                                           bool or_one) const {
  if (entry.value.kind == YamlNode::Kind::kList) return entry.value.items;
  if (or_one && entry.value.kind == YamlNode::Kind::kScalar) return {&entry.value, 1};
  problems_.add(entry.value.place, mismatch(entry.key, entry.value, expected));
  return {};
}

std::size_t MapReader::read_word(const YamlEntry& entry,
                                 std::span<const std::string_view> names) const {
  const YamlNode& value = entry.value;
  const bool scalar = value.kind == YamlNode::Kind::kScalar;
  const auto found = scalar ? std::find(names.begin(), names.end(), value.text) : names.end();
  if (found == names.end()) {
    const std::string near = scalar ? did_you_mean(value.text, names) : "";
    problems_.add(value.place, mismatch(entry.key, value, one_of(names)) + near);
  }
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace closewait
