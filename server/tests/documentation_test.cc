#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "server/tests/program_for_tests.h"

namespace closewait {
namespace {

using Names = std::set<std::string>;

const std::filesystem::path kRoot = CLOSEWAIT_SOURCE_DIR;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Each match's groups, joined by a dot.
Names found(const std::string& text, const std::regex& pattern) {
  Names names;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), pattern);
       it != std::sregex_iterator(); ++it) {
    std::string name = it->str(1);
    for (std::size_t group = 2; group < it->size(); ++group) name += "." + it->str(group);
    names.insert(name);
  }
  return names;
}

Names less(Names all, const Names& known) {
  for (const std::string& name : known) all.erase(name);
  return all;
}

std::string page() { return text_of(kRoot / "docs/server.md"); }

TEST(Documentation, NamesOnlyTestsThatExist) {
  const Names named = found(page(), std::regex(R"(`([A-Z]\w+)\.([A-Z]\w+)`)"));
  ASSERT_GT(named.size(), 20U);
  Names tests;
  for (const char* folder : {"base", "server", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / folder)) {
      if (!entry.path().filename().string().ends_with("_test.cc")) continue;
      tests.merge(
          found(text_of(entry.path()), std::regex(R"(TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\))")));
    }
  }
  EXPECT_EQ(less(named, tests), Names()) << "docs/server.md names them; no *_test.cc has them";
}

TEST(Documentation, NamesOnlyFilesThatExist) {
  for (const std::string& file :
       found(page(), std::regex(R"(`((?:server|base)/[\w/]+\.(?:h|cc))`)"))) {
    EXPECT_TRUE(std::filesystem::exists(kRoot / file)) << file;
  }
}

TEST(Documentation, HasEveryFlagAndNoOther) {
  Program program({"--help"});
  std::string help;
  for (std::string line = program.line(); !line.empty(); line = program.line()) help += line;
  const std::regex flag(R"((--[a-z][a-z-]*))");
  const Names flags = found(help, flag);
  ASSERT_TRUE(flags.contains("--listen")) << help;
  // A row begins with its flag.
  const Names told = found(page(), std::regex(R"(\n\| `(--[a-z][a-z-]*))"));
  EXPECT_EQ(less(flags, told), Names({"--help", "--version"}))
      << "give each its row in docs/server.md";
  EXPECT_EQ(less(told, flags), Names()) << "docs/server.md has rows for them; --help has not";
}

}  // namespace
}  // namespace closewait
