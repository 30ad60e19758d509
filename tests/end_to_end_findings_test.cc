// Every kind of finding on a server that has the flaw, and on none that has not.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::Ended;
using ::testing::HasSubstr;
using testing::Program;

constexpr const char* kResets = "{polite: 70, rst-after-connect: 30}";

// What is found of a specimen, under what load.
struct Row {
  const char* specimen = "";
  const char* clients = kResets;
  const char* kind = "";
  const char* behaviour = "rst-after-connect";  // "" where several may be or none is known
  double per_connection = 0;     // 0 where it has no size, or one that depends on the allocator
  std::set<std::string> also{};  // kinds that the same flaw may raise besides
  std::string rate = "200/s";
  int cycles = 2;
  const char* host = "";
  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.specimen; }
};

class Findings : public testing::RigRun, public ::testing::WithParamInterface<Row> {
 protected:
  [[nodiscard]] Ended found_of(const std::string& server, const Row& row) const {
    return run({write("findings.yaml",
                      fmt::format("name: findings\n"
                                  "seed: 5\n"
                                  "target: {{start: '{} --listen 127.0.0.1:0', dialect: http}}\n"
                                  "load: {{grace: 1s}}\n"
                                  "warm_up: {{for: 500ms, rate: 100/s, clients: {{polite: 1}}}}\n"
                                  "cycle:\n"
                                  "  - {{name: storm, for: 2s, rate: {}, clients: {}{}}}\n"
                                  "  - {{name: rest, settle: 3s, quiet: 400ms}}\n"
                                  "repeat: {}\n",
                                  server, row.rate, row.clients, row.host, row.cycles))});
  }
};

class FindingsOfGrowth : public Findings {};

TEST_P(Findings, AreNamed) {
  const Row& row = GetParam();
  const Ended ended = found_of(fmt::format("closewait-specimen {}", row.specimen), row);
  ASSERT_EQ(ended.status, 1) << ended.output << ended.errors;
  const json& findings = ended.result["findings"];
  ASSERT_FALSE(findings.empty()) << ended.output;
  EXPECT_EQ(findings[0]["kind"], row.kind) << ended.output;
  if (row.behaviour[0] != '\0') {
    EXPECT_EQ(findings[0]["behaviour"], row.behaviour) << ended.output;
  }
  if (row.per_connection > 0) {
    EXPECT_NEAR(findings[0]["per_connection"].get<double>(), row.per_connection,
                row.per_connection * 0.01);
  }
  for (const json& each : findings) {
    const auto kind = each["kind"].get<std::string>();
    EXPECT_TRUE(kind == row.kind || row.also.contains(kind)) << each.dump(2);
  }
}

// Growth takes several rests, so it takes as many to show it.
TEST_P(FindingsOfGrowth, AreShownAgainByTheirCommand) {
  const Row& row = GetParam();
  const Ended ended = found_of(fmt::format("closewait-specimen {}", row.specimen), row);
  ASSERT_EQ(ended.status, 1) << ended.output << ended.errors;
  const auto again = ended.result["findings"][0]["again"].get<std::string>();
  Program program({"/bin/sh", "-c",
                   fmt::format("PATH=$CLOSEWAIT_BIN:$PATH; {} --out {}", again,
                               (folder() / "second").string())},
                  folder());
  EXPECT_EQ(program.wait(std::chrono::seconds(110)), 1) << program.output() << program.errors();
  const json result = json::parse(testing::text_of(folder() / "second/result.json"));
  ASSERT_FALSE(result["findings"].empty()) << program.output();
  EXPECT_EQ(result["findings"][0]["kind"], row.kind);
  EXPECT_EQ(result["findings"][0]["behaviour"], row.behaviour);
}

const Row kRows[] = {
    {.specimen = "leaks-one-in-500",
     .clients = "{polite: 1}",
     .kind = "close-wait",
     .behaviour = "polite",
     .rate = "600/s"},
    {.specimen = "forgets-early-half-close",
     .clients = "{polite: 70, half-close-early: 30}",
     .kind = "close-wait",
     .behaviour = "half-close-early",
     .per_connection = 1},
    {.specimen = "keeps-a-duplicate",
     .kind = "ghost-registration",
     .per_connection = 1,
     .also = {"fd-leak"}},
    {.specimen = "helper-per-reset", .kind = "process-leak", .per_connection = 1},
    {.specimen = "wakeup-never-read", .clients = "{rst-after-connect: 1}", .kind = "busy-loop"},
    {.specimen = "dies-of-sigpipe", .kind = "crash", .behaviour = ""},
    {.specimen = "exits-on-eintr",
     .clients = "{polite: 1}",
     .kind = "crash",
     .behaviour = "",
     .host = ", host: [{freeze: {for: 200ms, at: 300ms}}]"},
    {.specimen = "accept-dead-after-emfile",
     .clients = "{polite: {weight: 1, timeout: 2s}}",
     .kind = "stuck",
     .behaviour = "",
     .host = ", host: [{few_descriptors: {for: 500ms, at: 200ms}}]"}};

const Row kRowsOfGrowth[] = {
    {.specimen = "object-leak-on-reset",
     .clients = "{rst-after-connect: 1}",
     .kind = "memory-growth",
     .rate = "1500/s",
     .cycles = 6},
    {.specimen = "thread-per-reset", .kind = "thread-leak", .per_connection = 1}};

std::string name_of_row(const ::testing::TestParamInfo<Row>& row) {
  std::string name = row.param.specimen;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Of, Findings, ::testing::ValuesIn(kRows), name_of_row);
INSTANTIATE_TEST_SUITE_P(OfGrowth, Findings, ::testing::ValuesIn(kRowsOfGrowth), name_of_row);
INSTANTIATE_TEST_SUITE_P(Of, FindingsOfGrowth, ::testing::ValuesIn(kRowsOfGrowth), name_of_row);

// The page lists each of them with what is found.
TEST(FindingsPage, HasARowForEachSpecimen) {
  const testing::TemporaryFolder folder;
  Program list({"closewait-specimen", "--list"}, folder.path());
  ASSERT_EQ(list.wait(std::chrono::seconds(20)), 0);
  const std::string page =
      testing::text_of(std::string(CLOSEWAIT_SOURCE_DIR) + "/docs/findings.md");
  std::istringstream lines(list.output());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const std::string name = line.substr(0, line.find(' '));
    EXPECT_THAT(page, HasSubstr(fmt::format("\n| `{}` | `", name)));
  }
  EXPECT_GT(count, 10);
  for (const Row& row : kRows) {
    EXPECT_THAT(page, HasSubstr(fmt::format("\n| `{}` | `{}` |", row.specimen, row.kind)));
  }
}

}  // namespace
}  // namespace closewait
