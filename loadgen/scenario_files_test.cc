#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>

#include "loadgen/scenario.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

std::string path_of(const std::string& name) {
  return (std::filesystem::path(CLOSEWAIT_SOURCE_DIR) / "scenarios" / name).string();
}

std::string text_of(const std::string& name) {
  std::ifstream file(path_of(name));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> behaviours_of(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const Behaviour* behaviour : scenario.behaviours()) names.emplace_back(behaviour->name);
  return names;
}

// How many of a behaviour one cycle plans.
double planned_of(const Scenario& scenario, std::string_view name) {
  double planned = 0;
  for (const Phase& phase : scenario.cycle) {
    double all = 0;
    double of_it = 0;
    for (const ClientMix& mix : phase.clients) {
      all += mix.weight;
      if (mix.behaviour->name == name) of_it += mix.weight;
    }
    if (all > 0) planned += static_cast<double>(phase.planned()) * of_it / all;
  }
  return planned;
}

// Nothing but a scenario, or lines that each say where: "" if so, else what came instead.
std::string misbehaviour(const std::string& text) {
  static const std::regex line_of_error("soak\\.yaml:[1-9][0-9]*:[1-9][0-9]*: [^\\n]+");
  try {
    static_cast<void>(parse_scenario(text, "soak.yaml", {}));
  } catch (const UsageError& error) {
    std::istringstream lines(error.what());
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      if (!std::regex_match(line, line_of_error) || first_bad_byte(line)) return line;
    }
    return count == 0 ? "an empty message" : "";
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "";
}

TEST(ScenarioFiles, EachLoadsAndIsNamedForItsFile) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path_of(""))) {
    if (entry.path().extension() != ".yaml") continue;
    const Scenario scenario = load_scenario(entry.path().string(), {});
    EXPECT_EQ(scenario.name, entry.path().stem().string());
    EXPECT_TRUE(scenario.seed_given) << entry.path();
    EXPECT_FALSE(scenario.target.start.empty()) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 3U);
}

TEST(ScenarioFiles, EachOpensWithItsStory) {
  for (const auto& entry : std::filesystem::directory_iterator(path_of(""))) {
    if (entry.path().extension() != ".yaml") continue;
    std::istringstream lines(text_of(entry.path().filename().string()));
    std::string first;
    std::string second;
    std::getline(lines, first);
    std::getline(lines, second);
    EXPECT_TRUE(first.starts_with("# ") && second.starts_with("# ")) << entry.path();
  }
}

TEST(ScenarioFiles, SmokeTakesTenSecondsAndRestsTwice) {
  const Scenario smoke = load_scenario(path_of("smoke.yaml"), {});
  EXPECT_LE(smoke.planned_length(), std::chrono::seconds(10));
  EXPECT_EQ(smoke.repeat, 2U);
  EXPECT_EQ(smoke.cycle.back().kind, PhaseKind::kRest);
}

TEST(ScenarioFiles, SoakTakesAMinuteWithEachBehaviourWellOverAHundredTimes) {
  const Scenario soak = load_scenario(path_of("soak.yaml"), {});
  EXPECT_GE(soak.planned_length(), std::chrono::seconds(45));
  EXPECT_LE(soak.planned_length(), std::chrono::seconds(65));
  for (const std::string& name : behaviours_of(soak)) {
    EXPECT_GT(planned_of(soak, name) * static_cast<double>(soak.repeat), 200) << name;
  }
}

// The one over TCP has all that a plain server can meet, the other what needs TLS.
TEST(ScenarioFiles, TheSoaksHaveTheWholeCatalogue) {
  const std::vector<std::string> plain = behaviours_of(load_scenario(path_of("soak.yaml"), {}));
  const std::vector<std::string> tls = behaviours_of(load_scenario(path_of("soak-tls.yaml"), {}));
  for (const Behaviour* behaviour : catalogue()) {
    if (behaviour->needs.greeting) continue;  // HTTP has none
    const auto& one = behaviour->needs.tls ? tls : plain;
    EXPECT_THAT(one, testing::Contains(std::string(behaviour->name)));
  }
}

TEST(ScenarioFiles, AbortStormMakesAsManyResetsAsItCan) {
  const Scenario storm = load_scenario(path_of("abort-storm.yaml"), {});
  EXPECT_TRUE(storm.cycle.front().rate.unbounded);
  const ClientMix& resets = storm.cycle.front().clients.back();
  EXPECT_EQ(resets.behaviour->name, "rst-after-connect");
  EXPECT_EQ(resets.params.wait, Nanoseconds(0));
}

TEST(ScenarioFiles, WhateverByteIsMissingTheErrorSaysWhere) {
  const std::string soak = text_of("soak.yaml");
  ASSERT_GT(soak.size(), 500U);
  for (std::size_t at = 0; at < soak.size(); ++at) {
    std::string text = soak;
    text.erase(at, 1);
    ASSERT_EQ(misbehaviour(text), "") << "without byte " << at;
  }
}

TEST(ScenarioFiles, WhateverByteIsTooManyTheErrorSaysWhere) {
  const std::string soak = text_of("soak.yaml");
  const std::string telling("\0\x04\n\t :-{}[],&*!|>'\"%@`#$?~\xff", 27);
  // What YAML gives a meaning at each place, and every other byte somewhere.
  for (std::size_t at = 0; at <= soak.size(); ++at) {
    const std::string tried{telling[at % telling.size()], telling[(at * 7 + 3) % telling.size()],
                            static_cast<char>(at % 256)};
    for (const char byte : tried) {
      std::string text = soak;
      text.insert(at, 1, byte);
      ASSERT_EQ(misbehaviour(text), "") << "byte " << int{byte} << " at " << at;
    }
  }
}

TEST(ScenarioFiles, WhereverItIsCutTheErrorSaysWhere) {
  const std::string soak = text_of("soak.yaml");
  for (std::size_t size = 0; size < soak.size(); ++size) {
    ASSERT_EQ(misbehaviour(soak.substr(0, size)), "") << "the first " << size << " bytes";
  }
}

}  // namespace
}  // namespace closewait
