#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace closewait {

// Searches the highest rate at which something holds, from trials that may be off: doubles until it
// breaks, bisects until the highest rate that holds and the lowest that breaks are 5% apart, then
// tries both until each has had five trials, whose majority decides. A rate that turns out the
// other way moves the search. Bounded in trials. Pure: the caller makes the trials.
class RateSearch {
 public:
  static constexpr std::size_t kTrialsEach = 5;
  static constexpr std::size_t kMostTrials = 80;
  static constexpr double kLowest = 1;  // connections per second
  static constexpr double kHighest = 1e7;

  // Of one rate, how often it was tried.
  struct Tried {
    double rate = 0;
    std::size_t held = 0;
    std::size_t broke = 0;

    [[nodiscard]] std::size_t trials() const { return held + broke; }
    [[nodiscard]] bool holds() const { return held > broke; }
    [[nodiscard]] bool breaks() const { return broke > held; }
    // That it comes out this way more often than not: 1 less the chance that a coin does so as
    // often in as many throws. 0.97 after five of five.
    [[nodiscard]] double confidence() const;
  };

  explicit RateSearch(double first);

  // Which rate to try next; nothing when it is decided or there were trials enough.
  [[nodiscard]] std::optional<double> next() const;
  void tell(double rate, bool held);

  // The highest rate that holds with none below it that breaks, and the lowest above that breaks;
  // nothing where there is none.
  [[nodiscard]] std::optional<Tried> holds() const;
  [[nodiscard]] std::optional<Tried> breaks() const;
  // Both are decided: close together, and tried as often as it takes.
  [[nodiscard]] bool decided() const;

 private:
  [[nodiscard]] std::optional<double> between(double holds, double breaks) const;

  double first_;
  std::vector<Tried> tried_;  // by rate, ascending
};

}  // namespace closewait
