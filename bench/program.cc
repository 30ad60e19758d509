#include "bench/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace closewait {
namespace {

void run(std::span<const BenchPart> parts, std::span<char*> names) {
  for (const std::string_view name : names) {
    if (std::ranges::find(parts, name, &BenchPart::name) != parts.end()) continue;
    std::vector<std::string_view> known;
    for (const BenchPart& part : parts) known.push_back(part.name);
    throw UsageError(fmt::format("there is no part '{}', only {}", name, fmt::join(known, ", ")));
  }
  for (const BenchPart& part : parts) {
    if (names.empty() || std::ranges::find(names, part.name) != names.end()) part.run();
  }
}

}  // namespace

int bench_main(std::span<const BenchPart> parts, int argc, char** argv) {
  const std::span all(argv, static_cast<std::size_t>(argc));
  const std::string name = std::filesystem::path(all.front()).filename().string();
  try {
    run(parts, all.subspan(1));
    return EXIT_SUCCESS;
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace closewait
