#include "loadgen/settings.h"

#include <charconv>
#include <string>

#include "base/address.h"
#include "loadgen/scenario_phases.h"
#include "loadgen/yaml_reader.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

// The keys of a path. What follows `expect.` is one key: it is a path in result.json.
std::vector<std::string_view> split_path(std::string_view path) {
  constexpr std::string_view kExpect = "expect.";
  if (path.starts_with(kExpect)) return {"expect", path.substr(kExpect.size())};
  std::vector<std::string_view> keys;
  for (std::size_t dot = path.find('.'); dot != path.npos; dot = path.find('.')) {
    keys.push_back(path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  keys.push_back(path);
  return keys;
}

YamlNode scalar(std::string_view text, const Place& place, Problems& problems) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.place = place;
  node.written = text;
  node.text = expand_environment(text, place, problems);
  return node;
}

// One setting on its way down the tree. Borrows the tree and the problems for one call.
class Descent {
 public:
  Descent(const Setting& setting, Problems& problems)
      : setting_(setting),
        place_{"--set " + quoted_path(setting.first), 0, 0},
        keys_(split_path(setting.first)),
        problems_(problems) {}

  void apply(YamlNode& root) {
    if (!path_is_sound()) return;
    YamlNode* node = &root;
    for (std::size_t depth = 0; depth < keys_.size() && node != nullptr; ++depth) {
      node = step(*node, depth);
    }
    if (node != nullptr) *node = value();
  }

 private:
  // Without the quotes: a path that is one line of text is told as it was written.
  static std::string quoted_path(const std::string& path) {
    const std::string told = in_quotes(path);
    return told == "'" + path + "'" ? path : told;
  }

  bool path_is_sound() {
    bool sound = keys_.size() <= kDeepestYaml;
    for (const std::string_view key : keys_) sound = sound && !key.empty();
    if (first_bad_byte(setting_.first)) sound = false;
    if (!sound) problems_.add(place_, "not a path; expected keys and dots such as cycle.storm.for");
    return sound;
  }

  YamlNode value() {
    // A bound as `> 100` and an address as `[::1]:80` mean something else in YAML.
    const bool is_bound = keys_.front() == "expect" && keys_.size() > 1;
    if (is_bound || SocketAddress::parse(setting_.second)) {
      return scalar(setting_.second, place_, problems_);
    }
    YamlNode node = read_yaml(setting_.second, place_.source, false, problems_);
    node.place = place_;
    return node;
  }

  YamlNode* step(YamlNode& node, std::size_t depth) {
    const std::string_view key = keys_[depth];
    if (node.kind == YamlNode::Kind::kList) {
      return depth == 1 && keys_[0] == "cycle" ? phase(node, key) : item(node, key);
    }
    if (node.kind == YamlNode::Kind::kScalar && !weight_becomes_map(node, depth)) {
      problems_.add(place_, in_quotes(keys_[depth - 1]) + " is a value and has no key " +
                                in_quotes(key) + "; expected a path that ends there");
      return nullptr;
    }
    if (node.kind == YamlNode::Kind::kEmpty) {
      node.kind = YamlNode::Kind::kMap;
      node.place = place_;
    }
    if (YamlEntry* entry = node.find(key)) return &entry->value;
    YamlNode empty;
    empty.place = place_;
    node.entries.push_back({std::string(key), place_, std::move(empty)});
    return &node.entries.back().value;
  }

  // `slow-read: 5` is short for `slow-read: {weight: 5}`.
  bool weight_becomes_map(YamlNode& node, std::size_t depth) {
    if (depth < 2 || keys_[depth - 2] != "clients") return false;
    YamlNode map;
    map.kind = YamlNode::Kind::kMap;
    map.place = node.place;
    const Place place = node.place;
    map.entries.push_back({"weight", place, std::move(node)});
    node = std::move(map);
    return true;
  }

  YamlNode* phase(YamlNode& cycle, std::string_view name) {
    std::vector<std::string> names;
    for (YamlNode& each : cycle.items) {
      names.push_back(phase_name(each));
      if (names.back() == name) return &each;
    }
    if (name.find_first_not_of("0123456789") == name.npos) return item(cycle, name);
    const std::vector<std::string_view> known(names.begin(), names.end());
    problems_.add(place_, "no phase is named " + in_quotes(name) + suggestion(name, known));
    return nullptr;
  }

  YamlNode* item(YamlNode& list, std::string_view key) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    const bool number = error == std::errc{} && end == key.data() + key.size();
    if (number && index < list.items.size()) return &list.items[index];
    const std::string size = std::to_string(list.items.size());
    problems_.add(place_,
                  in_quotes(key) + " is no item of a list; expected a number below " + size);
    return nullptr;
  }

  const Setting& setting_;
  Place place_;
  std::vector<std::string_view> keys_;
  Problems& problems_;
};

}  // namespace

void apply_settings(YamlNode& root, const std::vector<Setting>& settings, Problems& problems) {
  for (const Setting& setting : settings) Descent(setting, problems).apply(root);
}

}  // namespace closewait
