#include "tests/source_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>

namespace closewait {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> about(const std::string& path, const std::string& text) {
  return complaints_about({path, text});
}

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "\n";
  return text;
}

// The rules themselves, held against this repository.
TEST(SourceRules, AreKeptInEveryFile) {
  const auto sources = sources_below(CLOSEWAIT_SOURCE_DIR);
  ASSERT_GT(sources.size(), 20U) << "the sources were not found in " CLOSEWAIT_SOURCE_DIR;
  for (const SourceFile& source : sources) {
    for (const std::string& complaint : complaints_about(source)) ADD_FAILURE() << complaint;
  }
}

// One sample of each rule that breaks it, and one that keeps it.

TEST(SourceRules, FoldersUseOnlyWhatIsBelowThem) {
  EXPECT_THAT(about("observe/feed.cc", "#include \"record/sample.h\"\n"), IsEmpty());
  EXPECT_THAT(about("faults/clients/polite.cc", "#include \"faults/client.h\"\n"), IsEmpty());
  EXPECT_THAT(about("tests/end_to_end_test.cc", "#include \"server/server.h\"\n"), IsEmpty());
  EXPECT_THAT(about("base/units.cc", "\n#include \"record/sample.h\"\n"),
              ElementsAre(HasSubstr("base/units.cc:2: base/ may not use record/")));
  EXPECT_THAT(about("rig/run.cc", "#include \"server/server.h\"\n"),
              ElementsAre(HasSubstr("may not use server/")));
  EXPECT_THAT(about("server/loop_test.cc", "#include \"faults/client.h\"\n"),
              ElementsAre(HasSubstr("may not use faults/")));
}

TEST(SourceRules, IncludesAreByThePathFromTheTop) {
  EXPECT_THAT(about("base/units.cc", "#include \"units.h\"\n"),
              ElementsAre(HasSubstr("by its path from the top")));
  EXPECT_THAT(about("base/units.cc", "#include \"fmt/format.h\"\n"),
              ElementsAre(HasSubstr("in <> when it is not ours")));
  EXPECT_THAT(about("base/units.cc", "// #include \"units.h\"\n"), IsEmpty());
}

TEST(SourceRules, ANewFolderNeedsItsRow) {
  EXPECT_THAT(about("attic/box.cc", "int x;\n"), ElementsAre(HasSubstr("kFolders")));
}

TEST(SourceRules, FoldersLinkOnlyWhatTheyMayInclude) {
  EXPECT_THAT(about("rig/CMakeLists.txt", "LINKS closewait_observe # not closewait_server\n"),
              IsEmpty());
  EXPECT_THAT(about("rig/CMakeLists.txt", "\nLINKS closewait_server)\n"),
              ElementsAre(HasSubstr("rig/CMakeLists.txt:2: rig/ may not link closewait_server")));
}

TEST(SourceRules, OnlyUniqueFdCloses) {
  const std::string call = "void f(int fd) {\n  ::close(fd);\n}\n";
  EXPECT_THAT(about("server/loop.cc", call), ElementsAre(HasSubstr("server/loop.cc:2: only")));
  EXPECT_THAT(about("rig/child.cc", "void f(int fd) { if (close(fd) != 0) g(); }\n"),
              ElementsAre(HasSubstr("UniqueFd")));
  EXPECT_THAT(about("rig/child.cc", "int f(int fd) { return close(fd); }\n"),
              ElementsAre(HasSubstr("UniqueFd")));
  EXPECT_THAT(about("base/unique_fd.cc", call), IsEmpty());
  EXPECT_THAT(about("specimens/leaky.cc", call), IsEmpty());
}

TEST(SourceRules, AMemberNamedCloseIsNotTheSystemCall) {
  EXPECT_THAT(about("server/table.cc", "void f() { table.close(a); table->close(a); close(); }\n"),
              IsEmpty());
  EXPECT_THAT(about("server/table.cc", "void Table::close(Handle h) { g(h); }\n"), IsEmpty());
  EXPECT_THAT(about("server/table.h", "#pragma once\nclass T { void close(Handle h); };\n"),
              IsEmpty());
}

TEST(SourceRules, TheServerSharesNothingAndDeletesNothing) {
  EXPECT_THAT(about("server/loop.cc", "\nauto x = std::make_shared<int>();\n"),
              ElementsAre(HasSubstr("server/loop.cc:2: no 'make_shared'")));
  EXPECT_THAT(about("server/loop.cc", "auto* x = new int;\n"), ElementsAre(HasSubstr("'new'")));
  EXPECT_THAT(about("server/loop.cc", "void f() { delete x; }\n"),
              ElementsAre(HasSubstr("'delete'")));
  EXPECT_THAT(about("server/loop.cc", "Loop(const Loop&) = delete;  // a new loop\n"), IsEmpty());
  EXPECT_THAT(about("loadgen/engine.cc", "std::shared_ptr<int> x;\n"), IsEmpty());
}

TEST(SourceRules, FunctionsStayUnderSeventyLines) {
  EXPECT_THAT(about("base/a.cc", "void f() {" + lines(68) + "}\n"), IsEmpty());
  EXPECT_THAT(about("base/a.cc", "\nvoid f() {" + lines(69) + "}\n"),
              ElementsAre(HasSubstr("base/a.cc:2: f has 70 lines")));
}

TEST(SourceRules, FilesStayUnderFourHundredLines) {
  EXPECT_THAT(about("base/a.cc", lines(399)), IsEmpty());
  EXPECT_THAT(about("base/a.cc", lines(400)), ElementsAre(HasSubstr("has 400 lines")));
}

TEST(SourceRules, LinesStayWithinAHundredColumns) {
  EXPECT_THAT(about("base/a.cc", "//" + std::string(98, 'x') + "\n"), IsEmpty());
  EXPECT_THAT(about("base/a.cc", "//" + std::string(97, 'x') + "\u00b5\n"), IsEmpty());
  EXPECT_THAT(about("base/a.cc", "\n//" + std::string(99, 'x') + "\n"),
              ElementsAre(HasSubstr("base/a.cc:2: the line has 101 columns")));
}

TEST(SourceRules, NothingIsLeftForLaterOrSwitchedOff) {
  EXPECT_THAT(about("base/a.cc",
                    "// TO"
                    "DO: later\n"),
              ElementsAre(HasSubstr("do it now")));
  EXPECT_THAT(about("base/a.cc",
                    "/* FIX"
                    "ME */\n"),
              ElementsAre(HasSubstr("do it now")));
  EXPECT_THAT(about("base/a_test.cc", "TEST(A, DISABLED_B) {}\n"),
              ElementsAre(HasSubstr("no test is disabled")));
  EXPECT_THAT(about("base/a.cc", "#if 0\n#endif\n"), ElementsAre(HasSubstr("git remembers")));
  EXPECT_THAT(about("base/a.cc", "auto path = mkdtemp(\"/tmp/XXXXXX\");\n"), IsEmpty());
  EXPECT_THAT(about("base/a.cc", "#if 0x10 < B\n#endif\n"), IsEmpty());
}

TEST(SourceRules, NothingSleeps) {
  EXPECT_THAT(about("base/a.cc", "void f() { std::this_thread::sleep_for(1s); }\n"),
              ElementsAre(HasSubstr("eventually, by a deadline")));
  EXPECT_THAT(about("base/a_test.cc", "void f() { ::usleep(1); }\n"),
              ElementsAre(HasSubstr("'usleep'")));
  EXPECT_THAT(about("base/a.cc", "// sleep_for is not used here\n"), IsEmpty());
}

TEST(SourceRules, HeadersStartWithPragmaOnce) {
  EXPECT_THAT(about("base/a.h", "// A story.\n#pragma once\n"), IsEmpty());
  EXPECT_THAT(about("base/a.h", "#include <string>\n#pragma once\n"),
              ElementsAre(HasSubstr("#pragma once")));
  EXPECT_THAT(about("base/a.h", ""), ElementsAre(HasSubstr("#pragma once")));
}

TEST(SourceRules, AsioStaysOutOfHeaders) {
  const std::string asio = "#pragma once\n#include <boost/asio/awaitable.hpp>\n";
  EXPECT_THAT(about("observe/feed.h", asio), ElementsAre(HasSubstr("observe/feed.h:2: include")));
  EXPECT_THAT(about("rig/live.h", "#pragma once\n#include <boost/beast.hpp>\n"),
              ElementsAre(HasSubstr("kAsioHeaders")));
  EXPECT_THAT(about("faults/client.h", asio), IsEmpty());
  EXPECT_THAT(about("loadgen/engine.cc", asio), IsEmpty());
}

}  // namespace
}  // namespace closewait
