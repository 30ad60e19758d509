#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "loadgen/scenario_keys_for_tests.h"
#include "record/finding.h"

namespace closewait {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kRoot = CLOSEWAIT_SOURCE_DIR;

const Json& at(const std::string& place) {
  static const Json schema = Json::parse(std::ifstream(kRoot / "scenario.schema.json"));
  return schema.at(Json::json_pointer(place));
}

Names keys_of(const Json& object) {
  Names names;
  for (const auto& each : object.items()) names.insert(each.key());
  return names;
}

void expect_keys(const std::string& place, const Names& known) {
  const Names told = keys_of(at(place + "/properties"));
  for (const std::string& key : known) {
    EXPECT_TRUE(told.contains(key)) << "scenario.schema.json#" << place << " lacks " << key;
  }
  for (const std::string& key : told) {
    EXPECT_TRUE(known.contains(key))
        << "scenario.schema.json#" << place << ": the parser does not know " << key;
  }
  EXPECT_EQ(at(place).value("additionalProperties", true), false) << place;
}

// The words that the parser expects instead of one that it does not know.
Names words_known(const std::string& text) {
  const std::string error = error_of(text);
  const std::size_t begin = error.find("is 'zzzzzzzz'; expected ");
  Names names;
  static const std::regex word("[a-z][a-z0-9_-]*");
  const std::string list = begin == std::string::npos ? "" : error.substr(begin + 24);
  const std::string line = list.substr(0, list.find('\n'));
  for (auto it = std::sregex_iterator(line.begin(), line.end(), word); it != std::sregex_iterator();
       ++it) {
    if (it->str() != "or") names.insert(it->str());
  }
  return names;
}

// What does not fit, one line each.
std::string refused(const std::vector<std::filesystem::path>& files) {
  std::string command = fmt::format("/usr/bin/python3 '{}' '{}'",
                                    (kRoot / "loadgen/scenario_schema_for_tests.py").string(),
                                    (kRoot / "scenario.schema.json").string());
  for (const auto& file : files) command += " '" + file.string() + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                   &::pclose);
  std::string output;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 1; n > 0; output.append(buffer.data(), n)) {
    n = std::fread(buffer.data(), 1, buffer.size(), pipe.get());
  }
  return output;
}

bool has_validator() { return refused({}).empty(); }
constexpr const char* kNoValidator = "needs Debian's python3-jsonschema and python3-yaml";

TEST(ScenarioSchema, HasEveryKeyOfEachMapAndNoOther) {
  expect_keys("", known_to_parser("zzzzzzzz: 1"));
  for (const KeyMap& map : key_maps()) {
    expect_keys(map.schema, known_to_parser(in_map(map, "zzzzzzzz: 1")));
  }
}

TEST(ScenarioSchema, HasEachBehaviourWithItsParameters) {
  Names behaviours;
  for (const Behaviour* row : catalogue()) {
    const Behaviour& behaviour = *row;
    const std::string name(behaviour.name);
    behaviours.insert(name);
    ASSERT_TRUE(at("/definitions/clients/properties").contains(name)) << name;
    expect_keys("/definitions/clients/properties/" + name + "/anyOf/1",
                known_to_parser("cycle: [{clients: {" + name + ": {zzzzzzzz: 1}}}]"));
  }
  expect_keys("/definitions/clients", behaviours);
  EXPECT_EQ(at("/definitions/accepted/properties/behaviour/anyOf/0/enum").get<Names>(), behaviours);
}

TEST(ScenarioSchema, HasTheWordsOfEachChoice) {
  const std::vector<std::pair<std::string, std::string>> choices{
      {"target/properties/dialect", "target: {dialect: zzzzzzzz}"},
      {"promises/properties/half_close", "target: {promises: {half_close: zzzzzzzz}}"},
      {"response/properties/length_prefix",
       "target: {protocol: {hello: {length_prefix: zzzzzzzz}}}"},
      {"load/properties/arrivals", "load: {arrivals: zzzzzzzz}"},
      {"accepted/properties/finding", "accept: [{finding: zzzzzzzz}]"},
      {"on_finding/properties/then", "on_finding: {then: zzzzzzzz}"}};
  for (const auto& [place, text] : choices) {
    EXPECT_EQ(at("/definitions/" + place + "/anyOf/0/enum").get<Names>(), words_known(text))
        << place;
  }
}

TEST(ScenarioSchema, TakesEveryScenarioOfTheRepository) {
  if (!has_validator()) GTEST_SKIP() << kNoValidator << ": " << refused({});
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"scenarios", "loadgen/fuzz_seeds"}) {
    for (const auto& entry : std::filesystem::directory_iterator(kRoot / folder)) {
      const auto& path = entry.path();
      if (path.extension() == ".yaml" && path.stem() != "refused") files.push_back(path);
    }
  }
  ASSERT_GT(files.size(), 7U);
  EXPECT_EQ(refused(files), "");
}

TEST(ScenarioSchema, RefusesAKeyThatNobodyKnowsInEachMap) {
  if (!has_validator()) GTEST_SKIP() << kNoValidator << ": " << refused({});
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("schema-{}", ::getpid());
  std::filesystem::create_directory(folder);
  for (const KeyMap& map : key_maps()) {
    std::string text = in_map(map, "zzzzzzzz: 1") + "\nname: s\n";
    if (!text.starts_with("target")) text += "target: {pid: 1}\n";
    if (!text.starts_with("cycle")) {
      text += "cycle: [{for: 1s, rate: 1/s, clients: {polite: 1}}]\n";
    }
    const auto file = folder / "s.yaml";
    std::ofstream(file) << text;
    EXPECT_NE(refused({file}), "") << text;
    EXPECT_EQ(refused({file}).find("Traceback"), std::string::npos) << refused({file});
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace closewait
