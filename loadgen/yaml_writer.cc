#include "loadgen/yaml_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace closewait {
namespace {

constexpr std::string_view kLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./%+-";

bool is_plain(std::string_view text) {
  return !text.empty() && kLetters.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string scalar_text(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  const bool has_control =
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  std::string quoted;
  for (const char c : text) {
    if (!has_control) {
      quoted += c == '\'' ? std::string("''") : std::string(1, c);
    } else if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < ' ') {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return has_control ? "\"" + quoted + "\"" : "'" + quoted + "'";
}

std::string on_one_line(const YamlNode& node) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  switch (node.kind) {
    case YamlNode::Kind::kEmpty:
      return "";
    case YamlNode::Kind::kScalar:
      return scalar_text(node.written);
    case YamlNode::Kind::kList:
      for (const YamlNode& each : node.items) add(on_one_line(each));
      return "[" + text + "]";
    case YamlNode::Kind::kMap:
      for (const YamlEntry& each : node.entries) {
        add(scalar_text(each.key) + ": " + on_one_line(each.value));
      }
      return "{" + text + "}";
  }
  return text;
}

bool holds_more(const YamlNode& node) {
  const auto is_many = [](const YamlNode& each) {
    return each.kind == YamlNode::Kind::kMap || each.kind == YamlNode::Kind::kList;
  };
  return std::ranges::any_of(node.items, is_many) ||
         std::ranges::any_of(node.entries,
                             [&](const YamlEntry& each) { return is_many(each.value); });
}

void add_entry(std::string& text, const YamlEntry& entry) {
  text += scalar_text(entry.key) + ":";
  if (!holds_more(entry.value)) {
    text += " " + on_one_line(entry.value) + "\n";
    return;
  }
  text += "\n";
  for (const YamlNode& each : entry.value.items) text += "  - " + on_one_line(each) + "\n";
  for (const YamlEntry& each : entry.value.entries) {
    text += "  " + scalar_text(each.key) + ": " + on_one_line(each.value) + "\n";
  }
}

}  // namespace

std::string write_yaml(const YamlNode& root) {
  if (root.kind != YamlNode::Kind::kMap) return on_one_line(root) + "\n";
  std::string text;
  for (const YamlEntry& each : root.entries) add_entry(text, each);
  return text;
}

}  // namespace closewait
