#pragma once

#include <span>
#include <string_view>

namespace closewait {

// A bench program of several parts: each is run, or those whose names are given. Prints what goes
// wrong, gives the exit status: 2 for a part that is not there.
struct BenchPart {
  std::string_view name;
  void (*run)();
};
[[nodiscard]] int bench_main(std::span<const BenchPart> parts, int argc, char** argv);

}  // namespace closewait
