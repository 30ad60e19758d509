#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

// How a value is written: its parser and what to say that was expected.
template <class T>
struct ValueKind {
  Result<T> (*parse)(std::string_view text);
  std::string_view expected;
};

// What such a parser says to text that it cannot read.
[[nodiscard]] inline error_code not_understood() {
  return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
}

// The words a value may be, with what they mean.
template <class T, std::size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

// "a, b or c".
[[nodiscard]] std::string one_of(std::span<const std::string_view> names);
// "; did you mean 'for'?", or with nothing near "; expected for, rate or clients".
[[nodiscard]] std::string suggestion(std::string_view written,
                                     std::span<const std::string_view> known);
// "'rate' is a list; expected a rate such as 2000/s".
[[nodiscard]] std::string mismatch(const std::string& key, const YamlNode& value,
                                   std::string_view expected);

// A map whose keys are known. Says what is wrong with it and its values to the problems, and
// reads on. Borrows the tree and the problems; one thread.
class MapReader {
 public:
  // `what` names the map in messages: "a phase". A node that is no map is a problem and reads as
  // an empty one; each key that is not of `known` is a problem.
  MapReader(const YamlNode& node, std::string what, std::span<const std::string_view> known,
            Problems& problems);

  // The entry, or nullptr.
  [[nodiscard]] const YamlEntry* find(std::string_view key) const;
  // The same; that it is missing is a problem.
  const YamlEntry* require(std::string_view key, std::string_view expected) const;

  // Reads a value if it is there; false when it is not, or not as expected (a problem).
  template <class T, class Into>
  bool read(std::string_view key, const ValueKind<T>& kind, Into& into) const {
    const YamlEntry* entry = find(key);
    return entry != nullptr && read_value(entry->key, entry->value, kind, into);
  }
  template <class T, std::size_t N, class Into>
  bool read(std::string_view key, const Words<T, N>& words, Into& into) const {
    const YamlEntry* entry = find(key);
    if (entry == nullptr) return false;
    std::array<std::string_view, N> names;
    for (std::size_t i = 0; i < N; ++i) names[i] = words[i].first;
    const std::size_t word = read_word(*entry, names);
    if (word < N) into = words[word].second;
    return word < N;
  }
  template <class T, class Into>
  bool read_value(const std::string& key, const YamlNode& value, const ValueKind<T>& kind,
                  Into& into) const {
    if (value.kind == YamlNode::Kind::kScalar) {
      if (auto parsed = kind.parse(value.text)) {
        into = std::move(*parsed);
        return true;
      }
    }
    problems_.add(value.place, mismatch(key, value, kind.expected));
    return false;
  }

  // The items of a list, the value itself if it is a scalar and `or_one`; else a problem.
  [[nodiscard]] std::span<const YamlNode> items(const YamlEntry& entry, std::string_view expected,
                                                bool or_one = false) const;

  [[nodiscard]] const Place& place() const { return node_.place; }
  [[nodiscard]] bool is_map() const { return node_.kind == YamlNode::Kind::kMap; }
  void problem(const Place& where, const std::string& text) const { problems_.add(where, text); }
  [[nodiscard]] Problems& problems() const { return problems_; }

 private:
  // Which of the names it is; as many as there are for none, which is a problem.
  [[nodiscard]] std::size_t read_word(const YamlEntry& entry,
                                      std::span<const std::string_view> names) const;

  const YamlNode& node_;
  std::string what_;
  Problems& problems_;
};

}  // namespace closewait
