#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace closewait {

// A regular expression (ECMAScript's) that tells where a response ends: with the first bytes that
// it matches as a whole. Matching takes polynomial time, whatever the expression: it is run by
// states and not by backtracking. Immutable; any thread.
class RawPattern {
 public:
  // How much of a response is looked at; one that does not match within it is wrong. It bounds
  // what is kept and what matching costs.
  static constexpr std::size_t kMostMatched = 1024;
  static constexpr std::size_t kLongest = 256;  // of the expression

  struct Compiled;
  [[nodiscard]] static Compiled compile(const std::string& text);

  // How long the shortest start of `data` is that matches.
  [[nodiscard]] std::optional<std::size_t> shortest_match(std::string_view data) const;

  ~RawPattern();
  RawPattern(const RawPattern&) = delete;
  RawPattern& operator=(const RawPattern&) = delete;

 private:
  struct Automaton;  // keeps <regex> out of the headers
  explicit RawPattern(std::unique_ptr<const Automaton> automaton);

  std::unique_ptr<const Automaton> automaton_;
};

struct RawPattern::Compiled {
  std::shared_ptr<const RawPattern> pattern;  // null when there is none
  std::string why;                            // then: "a bracket is not closed"
};

}  // namespace closewait
