#include "tests/source_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace closewait {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> names_in(std::string_view source) {
  std::vector<std::string> names;
  for (const Function& function : functions_of(take_apart(source).code)) {
    names.push_back(function.name);
  }
  return names;
}

TEST(TakeApart, DealsOutCodeAndCommentsLineByLine) {
  const SourceText text = take_apart("int a; // one\n/* two\nthree */ int b;\n");
  EXPECT_EQ(text.code, "int a;       \n      \n         int b;\n");
  EXPECT_EQ(text.comments, "       // one\n/* two\nthree */       \n");
}

TEST(TakeApart, BlanksStringsAndCharactersWithTheirEscapes) {
  EXPECT_EQ(take_apart(R"(f("a{\"}", '{', '\'');)").code, R"(f("     ", ' ', '  ');)");
}

TEST(TakeApart, ReadsNoCommentInAString) {
  EXPECT_THAT(take_apart(R"(f("http://x"); g();)").code, HasSubstr("g();"));
  EXPECT_THAT(take_apart("f(\"http://x\");").comments, Not(HasSubstr("x")));
}

TEST(TakeApart, KnowsRawStringsAndDigitSeparators) {
  EXPECT_EQ(take_apart("f(R\"x(\"{)\")x\", 1'000'000); g();").code,
            "f(R\"        \", 1'000'000); g();");
}

TEST(TakeApart, KeepsThePathOfAnInclude) {
  EXPECT_EQ(take_apart("#include \"base/error.h\"\n").code, "#include \"base/error.h\"\n");
}

TEST(FunctionsOf, FindsFreeFunctionsAndMembersButNoTypesOrTables) {
  EXPECT_THAT(names_in(R"cc(
                namespace a::b {
                struct Row {
                  int x;
                  int y;
                };
                enum class Kind : int { kOne, kTwo };
                constexpr Row kRows[] = {{1, 2}, {f(3), 4}};
                template <class T>
                T twice(T value) {
                  return value + value;
                }
                class Thing : public Base {
                 public:
                  explicit Thing(int a, Options options = {}) : a_{a}, b_(2) { start(); }
                  ~Thing() { stop(); }
                  [[nodiscard]] bool operator==(const Thing&) const { return true; }
                  void later();

                 private:
                  int a_{0};
                };
                void Thing::later() {
                  if (true) {
                    again();
                  }
                }
                auto last(int x) -> std::vector<int> { return {x}; }
                }  // namespace a::b
              )cc"),
              ElementsAre("twice", "Thing", "~Thing", "operator==", "Thing::later", "last"));
}

TEST(FunctionsOf, CountsFromTheHeadToTheClosingBrace) {
  const auto found = functions_of("\nint\nf(int a,\n  int b)\n{\n  { }\n}\nvoid g() {}\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].first_line, 2U);
  EXPECT_EQ(found[0].lines, 6U);
  EXPECT_EQ(found[1].lines, 1U);
}

TEST(FunctionsOf, IgnoresBracesInStringsCommentsAndDirectives) {
  EXPECT_THAT(names_in("void f() { g(\"}\"); /* } */ h('}'); }\n#define X {\nvoid k() {}\n"),
              ElementsAre("f", "k"));
}

TEST(FunctionsOf, CountsALambdaToWhatIsAroundIt) {
  EXPECT_THAT(names_in("void f() {\n  const auto g = [](int x) { return x; };\n}\n"),
              ElementsAre("f"));
}

TEST(FunctionsOf, FindsNothingInDeclarations) {
  EXPECT_THAT(names_in("void f(int);\nclass A;\nextern int x;\n"), IsEmpty());
}

}  // namespace
}  // namespace closewait
