// What the rig tells of its behaviours.

#include <gmock/gmock.h>

#include <set>

#include "faults/behaviour.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using ::testing::AllOf;
using testing::Ended;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kBadInput = 2;

class Clients : public testing::RigRun {
 protected:
  [[nodiscard]] std::string told(Arguments arguments) const {
    arguments.insert(arguments.begin(), "clients");
    const Ended ended = closewait(arguments);
    EXPECT_EQ(ended.status, 0) << ended.errors;
    EXPECT_THAT(ended.errors, IsEmpty());
    return ended.output;
  }
  [[nodiscard]] nlohmann::json told_json(Arguments arguments) const {
    arguments.emplace_back("--json");
    auto json = nlohmann::json::parse(told(arguments), nullptr, false);
    EXPECT_FALSE(json.is_discarded());
    return json;
  }
  void expect_refused(const Arguments& arguments, const std::string& why) const {
    const Ended ended = closewait(arguments);
    EXPECT_EQ(ended.status, kBadInput);
    EXPECT_THAT(ended.output, IsEmpty());
    EXPECT_EQ(ended.errors, "closewait: " + why + "\n");
  }
};

// Of a text that is broken into lines.
std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank) line += c;
    if (blank && !line.ends_with(' ')) line += ' ';
  }
  return line;
}

TEST_F(Clients, ListsEachWithItsEnd) {
  const std::string list = told({});
  for (const Behaviour* row : catalogue()) {
    EXPECT_THAT(list, ::testing::ContainsRegex("\n  " + std::string(row->name) + " +" +
                                               std::string(name_of(row->end)) + " +[A-Z]"));
  }
  EXPECT_THAT(list, AllOf(HasSubstr("\nResets\n"), HasSubstr("resets; needs TCP\n")));
  std::size_t start = 0;
  for (std::size_t end = 0; (end = list.find('\n', start)) != std::string::npos; start = end + 1) {
    EXPECT_LT(end - start, 100U) << list.substr(start, end - start);
  }
}

TEST_F(Clients, TellsAllOfOne) {
  for (const Behaviour* row : catalogue()) {
    SCOPED_TRACE(row->name);
    const std::string text = in_one_line(told({std::string(row->name)}));
    for (const std::string_view part : {row->name, row->story, row->sees, row->brings_out}) {
      EXPECT_THAT(text, HasSubstr(part));
    }
    EXPECT_THAT(text, HasSubstr("ends in " + std::string(name_of(row->end))));
    EXPECT_THAT(text, HasSubstr("is owed " + std::string(name_of(row->owed))));
    for (const Parameter& each : row->parameters) {
      EXPECT_THAT(text, HasSubstr(std::string(each.name) + " " + std::string(each.fallback) + " " +
                                  std::string(each.meaning)));
    }
  }
  EXPECT_THAT(in_one_line(told({"rst-mid-response"})),
              AllOf(HasSubstr("needs a response of 256KiB, TCP"),
                    HasSubstr("yhirose/cpp-httplib#77"), HasSubstr("bytes 64KiB bytes of")));
}

TEST_F(Clients, TellsProgramsAllOfIt) {
  const nlohmann::json all = told_json({})["behaviours"];
  ASSERT_EQ(all.size(), catalogue().size());
  std::set<std::string> groups;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Behaviour& row = *catalogue()[i];
    const nlohmann::json& json = all[i];
    EXPECT_EQ(json["name"], row.name);
    EXPECT_EQ(json["story"], row.story);
    EXPECT_EQ(json["sees"], row.sees);
    EXPECT_EQ(json["brings_out"], row.brings_out);
    EXPECT_EQ(json["ends_in"], name_of(row.end));
    EXPECT_EQ(json["owed"]["text"], name_of(row.owed));
    EXPECT_EQ(json["polite"], row.polite);
    ASSERT_EQ(json["parameters"].size(), row.parameters.size());
    groups.insert(json["group"]);
    EXPECT_EQ(told_json({std::string(row.name)}), json);
  }
  EXPECT_EQ(groups.size(), behaviour_groups().size());
}

TEST_F(Clients, TellsProgramsInBytesAndSeconds) {
  const nlohmann::json one = told_json({"slow-read"});
  EXPECT_EQ(one["needs"], nlohmann::json::parse(R"([{"key": "response_bytes",
                                                     "text": "a response of 256KiB"}])"));
  EXPECT_EQ(one["needs_response_bytes"], 256 * 1024);
  EXPECT_EQ(one["owed"]["key"], "response");
  EXPECT_EQ(one["bugs"][0]["name"], "http-kit/http-kit#180");
  EXPECT_EQ(one["bugs"][0]["url"], "https://github.com/http-kit/http-kit/issues/180");
  const auto parameter = [&](std::string_view name) {
    for (const nlohmann::json& each : one["parameters"]) {
      if (each["name"] == name) return each;
    }
    return nlohmann::json();
  };
  EXPECT_EQ(parameter("size")["default_value"], 8 * 1024 * 1024);
  EXPECT_EQ(parameter("rate")["type"], "byte_rate");
  EXPECT_EQ(parameter("every")["default"], "10ms");
  EXPECT_EQ(parameter("every")["default_value"], 0.01);
}

TEST_F(Clients, ThePageIsWhatTheCommandSays) {
  const std::string page =
      testing::text_of(std::filesystem::path(CLOSEWAIT_SOURCE_DIR) / "docs/behaviours.md");
  EXPECT_TRUE(told({"--markdown"}) == page)
      << "make it anew: closewait clients --markdown > docs/behaviours.md";
}

TEST_F(Clients, AnUnknownOneIsRefusedWithTheNearest) {
  const std::string near =
      "there is no behaviour 'rst-after-conect'; did you mean "
      "'rst-after-connect'?";
  expect_refused({"clients", "rst-after-conect"}, near);
  expect_refused({"clients", "rst-after-conect", "--json"}, near);
  expect_refused({"clients", "zzzzzz"},
                 "there is no behaviour 'zzzzzz'; `closewait clients` lists all of them");
  expect_refused({"clients", "polite", "--markdown"},
                 "--markdown is of the whole catalogue; expected neither a name nor --json");
}

}  // namespace
}  // namespace closewait
