#pragma once

#include <string>

#include "base/random.h"
#include "record/lines.h"

namespace closewait::testing {

// Lines with anything in them, from a seed; for tests that must hold for every line.
class RandomLines {
 public:
  explicit RandomLines(std::uint64_t seed) : random_(seed) {}

  Line next();  // the seven types in turn

 private:
  // Often zero, which is left out of a line, and else of any size.
  std::uint64_t number();
  double real();
  bool flag() { return random_.below(2) == 0; }
  std::string text();
  std::vector<std::string> texts();
  std::map<std::string, std::uint64_t> numbers_by_name();
  std::map<std::string, std::string> texts_by_name();
  Histogram histogram();
  Tally tally();
  Sample sample();

  HeaderLine header();
  PhaseLine phase();
  SecondLine second();
  HostFaultLine host_fault();
  CensusLine census();
  FindingLine finding();
  EndLine end();

  Random random_;
  std::uint64_t made_ = 0;
};

}  // namespace closewait::testing
