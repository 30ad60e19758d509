#include "loadgen/yaml_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace closewait {
namespace {

std::string errors_of(const std::string& text) {
  Problems problems;
  static_cast<void>(read_yaml(text, "f", true, problems));
  return problems.to_string();
}

TEST(YamlTree, KeepsKeysInOrderWithTheirPlaces) {
  Problems problems;
  const YamlNode root = read_yaml("b: 1\na:\n  - x\n  - {c: 'y z'}\n", "f", true, problems);
  EXPECT_TRUE(problems.empty()) << problems.to_string();
  ASSERT_EQ(root.entries.size(), 2U);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.entries[1].place.to_string(), "f:2:1");
  const YamlNode& list = root.find("a")->value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].place.to_string(), "f:3:5");
  EXPECT_EQ(list.items[1].find("c")->value.text, "y z");
  EXPECT_EQ(list.items[1].find("c")->value.place.to_string(), "f:4:9");
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(YamlTree, AnAbsentValueIsEmptyAndStandsAtItsKey) {
  Problems problems;
  const YamlNode root = read_yaml("a:\n\n\nb: ~\n", "f", true, problems);
  EXPECT_EQ(root.find("a")->value.kind, YamlNode::Kind::kEmpty);
  EXPECT_EQ(root.find("a")->value.place.to_string(), "f:1:1");
  EXPECT_EQ(root.find("b")->value.kind, YamlNode::Kind::kEmpty);
}

TEST(YamlTree, WithoutLinesEveryPlaceIsTheSource) {
  Problems problems;
  static_cast<void>(read_yaml("{a: 1, a: 2, b: *c}", "--set x", false, problems));
  EXPECT_EQ(problems.to_string(),
            "--set x: repeated key 'a'; expected it once, and it is there already\n"
            "--set x: not YAML: the referenced anchor is not defined; expected valid YAML");
}

TEST(YamlTree, RefusesWhatYamlCppLetsPass) {
  EXPECT_EQ(errors_of("a: 1\nb: 2\na: 3\n"),
            "f:3:1: repeated key 'a'; expected it once, and it is there already in line 1");
  EXPECT_EQ(errors_of("x: {a: 1, 'a': 3}\n"),
            "f:1:11: repeated key 'a'; expected it once, and it is there already in line 1");
  EXPECT_EQ(errors_of("a: &x 1\nb: *x\n"),
            "f:1:4: an anchor (&) is not supported; expected the value itself\n"
            "f:2:4: an alias (*) is not supported; expected the value itself");
  EXPECT_EQ(errors_of("<<: {a: 1}\n"),
            "f:1:1: a merge key (<<) is not supported; expected the keys themselves");
  EXPECT_EQ(errors_of("a: !!str 1\n"),
            "f:1:4: a tag (!) is not supported; expected the value "
            "itself");
  EXPECT_EQ(errors_of("? [a]\n: 1\n"), "f:1:3: a key is a list; expected a word");
  EXPECT_EQ(errors_of("{a: b}: 1\n"), "f:1:1: a key is a map; expected a word");
  EXPECT_EQ(errors_of("~: 1\n"), "f:1:1: a key is empty; expected a word");
  EXPECT_EQ(errors_of("a: 1\n---\nb: 2\n"), "f:2:1: a second document; expected only one");
}

TEST(YamlTree, TellsWhereTheSyntaxIsWrong) {
  EXPECT_EQ(errors_of("a: [b\n"),
            "f:2:1: not YAML: end of sequence flow not found; expected valid YAML");
  EXPECT_EQ(errors_of("a: 1\n\tb: 2\n"),
            "f:2:1: not YAML: illegal tab when looking for indentation; expected valid YAML");
  EXPECT_EQ(errors_of("a: \"\\"),
            "f:1:7: not YAML: unknown escape character: the end of the text; expected valid YAML");
  EXPECT_EQ(
      errors_of("a: \"\\é\""),
      "f:1:7: not YAML: unknown escape character: not one of printable ASCII; expected valid YAML");
}

TEST(YamlTree, RefusesBytesThatAreNoText) {
  const std::string expected = "not a character of text; expected UTF-8 without control characters";
  EXPECT_EQ(errors_of(std::string("a: 1\nb: \x04 2\n")), "f:2:4: " + expected);
  EXPECT_EQ(errors_of(std::string("a\0b", 3)), "f:1:2: " + expected);
  EXPECT_EQ(errors_of("\xff\xfe"), "f:1:1: " + expected);
  EXPECT_EQ(errors_of("a: \xe2\x82\n"), "f:1:4: " + expected);
  EXPECT_EQ(errors_of("a: \xe2\x82\xac\n"), "");
}

TEST(YamlTree, HasLimits) {
  EXPECT_EQ(errors_of(std::string(kMostYamlBytes + 1, 'a')),
            "f:1:1: more than 1 MiB of text; expected a scenario written by hand");
  EXPECT_EQ(errors_of(std::string(kMostYamlBytes, '[')),
            "f:1:9: nested too deeply; expected at most 16 levels");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "- ";
  EXPECT_EQ(errors_of(deep), "f:1:33: nested too deeply; expected at most 16 levels");
  std::string many = "a: [";
  for (std::size_t i = 0; i < kMostYamlNodes; ++i) many += "1,\n";
  EXPECT_EQ(errors_of(many), "f:9998:1: too much; expected at most 10000 values");
}

TEST(YamlTree, TellsAtMostFiftyProblems) {
  std::string text;
  for (int i = 0; i < 80; ++i) text += "a: 1\n";
  const std::string errors = errors_of(text);
  EXPECT_TRUE(errors.ends_with("f:51:1: 30 more problems from here on")) << errors;
}

}  // namespace
}  // namespace closewait
