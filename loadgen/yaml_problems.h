#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace closewait {

// Where something was written: a file with line and column from 1, or a source without lines
// ("--set cycle.storm.for"), whose line is 0.
struct Place {
  std::string source;
  std::size_t line = 0;
  std::size_t column = 0;

  [[nodiscard]] std::string to_string() const;
};

// All that is wrong with one input, collected so that a person can mend it in one go. Owns its
// texts; one thread.
class Problems {
 public:
  // At most this many lines are told; the last one then says how many more there are.
  static constexpr std::size_t kMostTold = 50;

  // `what` says what is wrong and what was expected, without a line break.
  void add(const Place& place, const std::string& what);
  // Those of another input too.
  void add(const Problems& others);
  [[nodiscard]] bool empty() const { return problems_.empty(); }
  // One line for each problem, in the order of the text, settings last.
  [[nodiscard]] std::string to_string() const;
  // Throws UsageError with to_string() unless empty.
  void throw_if_any() const;

 private:
  struct Problem {
    Place place;
    std::string what;
  };
  std::vector<Problem> problems_;
};

}  // namespace closewait
