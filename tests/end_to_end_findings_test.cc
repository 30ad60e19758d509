// Every kind of finding on a server that has the flaw, and on none that has not.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
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

// Its allocator goes on where others end the process.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CLOSEWAIT_UNDER_THREAD_SANITIZER
#endif
#endif
#ifdef CLOSEWAIT_UNDER_THREAD_SANITIZER
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
constexpr const char* kNotUnderIt =
    "what ThreadSanitizer makes of memory that is used after its end is no crash";

// Held ones are renewed all the time, so that they get numbers that were just given back.
constexpr const char* kBystanders =
    "{polite: 30, polite-held: {weight: 20, hold: 2s}, rst-after-connect: 50}";
constexpr const char* kKeepsThem = "max_requests: none";

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
  const char* phase = "";     // more of the storm: what is done to its process, what comes together
  const char* promises = "";  // of the target
  bool ends_by_its_allocator = false;
  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.specimen; }
};

class Findings : public testing::RigRun, public ::testing::WithParamInterface<Row> {
 protected:
  // A target under AddressSanitizer gives back what it frees, as any other.
  Findings() {
    ::setenv("ASAN_OPTIONS", "quarantine_size_mb=0:thread_local_quarantine_size_kb=0", 1);
  }
  [[nodiscard]] Ended found_of(const std::string& server, const Row& row) const {
    return run(
        {write("findings.yaml",
               fmt::format("name: findings\n"
                           "seed: 5\n"
                           "target: {{start: '{} --listen 127.0.0.1:0', dialect: http, "
                           "promises: {{{}}}}}\n"
                           "load: {{grace: 1s}}\n"
                           "warm_up: {{for: 500ms, rate: 100/s, clients: {{polite: 1}}}}\n"
                           "cycle:\n"
                           "  - {{name: storm, for: 2s, rate: {}, clients: {}{}}}\n"
                           "  - {{name: rest, settle: 3s, quiet: 400ms}}\n"
                           "repeat: {}\n"
                           "on_finding: {{halve: off}}\n",
                           server, row.promises, row.rate, row.clients, row.phase, row.cycles))});
  }
};

class FindingsOfGrowth : public Findings {};

TEST_P(Findings, AreNamed) {
  const Row& row = GetParam();
  if (kThreadSanitizer && row.ends_by_its_allocator) GTEST_SKIP() << kNotUnderIt;
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
     .phase = ", host: [{freeze: {for: 200ms, at: 300ms}}]"},
    {.specimen = "accept-dead-after-emfile",
     .clients = "{polite: {weight: 1, timeout: 2s}}",
     .kind = "stuck",
     .behaviour = "",
     .phase = ", host: [{few_descriptors: {for: 500ms, at: 200ms}}]"},
    {.specimen = "spins-on-emfile",
     .clients = "{polite: {weight: 1, timeout: 2s}}",
     .kind = "stuck",
     .behaviour = "",
     .also = {"busy-loop"},
     .phase = ", host: [{few_descriptors: {for: 500ms, at: 200ms}}]"},
    {.specimen = "end-taken-for-no-input",
     .clients = "{polite: 1}",
     .kind = "close-wait",
     .behaviour = "polite",
     .per_connection = 1,
     .also = {"busy-loop"}},
    {.specimen = "keeps-bad-requests",
     .clients = "{polite: 70, garbage: {weight: 30, hold: 200ms}}",
     .kind = "close-wait",
     .behaviour = "garbage"},
    {.specimen = "misses-aborts-of-slow-readers",
     .clients = "{polite: 70, never-read: {weight: 30, hold: 300ms}}",
     .kind = "fd-leak",
     .behaviour = "never-read",
     .per_connection = 1,
     .rate = "60/s"},
    {.specimen = "closes-twice",
     .clients = kBystanders,
     .kind = "innocent-closed",
     .behaviour = "polite-held",
     .promises = kKeepsThem},
    {.specimen = "stale-timer",
     .clients = kBystanders,
     .kind = "innocent-closed",
     .behaviour = "polite-held",
     .promises = kKeepsThem},
    {.specimen = "state-by-number",
     .clients = "{polite: 70, rst-mid-response: 30}",
     .kind = "wrong-response",
     .behaviour = "polite"},
    {.specimen = "deletes-twice", .kind = "crash", .behaviour = "", .ends_by_its_allocator = true},
    {.specimen = "two-threads-one-set",
     .kind = "crash",
     .behaviour = "",
     .rate = "400/s",
     .ends_by_its_allocator = true},
    {.specimen = "serves-a-stale-event",
     .kind = "crash",
     .behaviour = "",
     .phase = ", together: 16"},
    {.specimen = "buffers-without-bound",
     .clients = "{polite: 50, never-read: {weight: 50, hold: 800ms}}",
     .kind = "unbounded-buffer",
     .behaviour = "never-read",
     .rate = "16/s",
     .cycles = 4},
    {.specimen = "no-idle-timeout",
     .clients = "{polite: 70, idle: {weight: 30, hold: 2500ms}}",
     .kind = "lingering",
     .behaviour = "idle",
     .promises = "idle_timeout: 1s"}};

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

// Where what was seen does not tell whose doing it was, parts of the mix are played to a target of
// their own, and what is left is the smallest scenario that shows it.
class Halving : public testing::RigRun {};
class OnFinding : public testing::RigRun {};

TEST_F(Halving, NamesTheBehaviourThatIsLeft) {
  if (kThreadSanitizer) GTEST_SKIP() << kNotUnderIt;
  const Ended ended =
      run({write("halving.yaml",
                 "name: halving\n"
                 "seed: 5\n"
                 "target: {start: 'closewait-specimen deletes-twice --listen 127.0.0.1:0'}\n"
                 "load: {grace: 1s}\n"
                 "cycle:\n"
                 "  - {name: storm, for: 500ms, rate: 200/s, clients: {polite: 1, half-close: 1, "
                 "connect-churn: 1, rst-after-connect: {weight: 1, wait: 2ms}}}\n"
                 "  - {name: rest, settle: 3s, quiet: 100ms}\n"
                 "repeat: 2\n")});
  ASSERT_EQ(ended.status, 1) << ended.output << ended.errors;
  const json& finding = ended.result["findings"][0];
  EXPECT_EQ(finding["kind"], "crash");
  EXPECT_EQ(finding["behaviour"], "rst-after-connect") << ended.errors;
  EXPECT_THAT(finding["evidence"].get<std::vector<std::string>>(),
              ::testing::Contains(HasSubstr("rst-after-connect alone shows it on a fresh target, "
                                            "and the others without it do not")));
  const std::string minimal = testing::text_of(out() / "minimal.yaml");
  EXPECT_THAT(minimal, HasSubstr("{rst-after-connect: {weight: 1, wait: 2ms}}"));
  EXPECT_THAT(minimal, ::testing::Not(HasSubstr("half-close")));
  Program again({"closewait", "run", (out() / "minimal.yaml").string(), "--out",
                 (folder() / "minimal").string()},
                folder());
  EXPECT_EQ(again.wait(std::chrono::seconds(60)), 1) << again.output() << again.errors();
  EXPECT_THAT(again.output(), HasSubstr("finding: crash by rst-after-connect"));
}

TEST_F(Halving, IsNotForATargetThatRunsAlready) {
  if (kThreadSanitizer) GTEST_SKIP() << kNotUnderIt;
  Program server({"closewait-specimen", "deletes-twice", "--listen", "127.0.0.1:0"}, folder());
  const std::string address = testing::address_of(server).to_string();
  const Ended ended = run(
      {write("attached.yaml", fmt::format("name: attached\n"
                                          "target: {{address: '{}'}}\n"
                                          "cycle:\n"
                                          "  - {{for: 500ms, rate: 200/s, clients: {{polite: 1, "
                                          "rst-after-connect: 1}}}}\n",
                                          address))});
  ASSERT_EQ(ended.status, 1) << ended.output << ended.errors;
  const json& finding = ended.result["findings"][0];
  EXPECT_EQ(finding["kind"], "crash");
  EXPECT_EQ(finding["behaviour"], "");
  EXPECT_THAT(finding["evidence"].get<std::vector<std::string>>(),
              ::testing::Contains(HasSubstr("the rig has not started it")));
}

// A command is run once at the first finding, while the target is there.
TEST_F(OnFinding, RunsACommandWithTheTargetsPid) {
  const Ended ended =
      run({write("command.yaml",
                 "name: command\n"
                 "target: {start: 'closewait-specimen fd-leak-on-reset --listen 127.0.0.1:0'}\n"
                 "cycle:\n"
                 "  - {name: storm, for: 500ms, rate: 100/s, clients: {rst-after-connect: 1}}\n"
                 "  - {name: rest, settle: 1s, quiet: 100ms}\n"
                 "repeat: 3\n"
                 "on_finding: {run: [/bin/sh, -c, 'echo once; cat /proc/$PID/comm']}\n")});
  ASSERT_EQ(ended.status, 1) << ended.output << ended.errors;
  EXPECT_EQ(testing::text_of(out() / "on_finding.log"), "once\nclosewait-speci\n");
}

// The cycles that are left are played to a target that is started anew, as a run of its own.
TEST_F(OnFinding, RestartsTheTargetAndGoesOn) {
  const Ended ended =
      run({write("restart.yaml",
                 "name: restart\n"
                 "target: {start: 'closewait-specimen fd-leak-on-reset --listen 127.0.0.1:0'}\n"
                 "cycle:\n"
                 "  - {name: storm, for: 300ms, rate: 100/s, clients: {rst-after-connect: 1}}\n"
                 "  - {name: rest, settle: 500ms, quiet: 100ms}\n"
                 "repeat: 4\n"
                 "on_finding: {then: restart}\n")});
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  const auto result_of = [&](const std::string& name) {
    return json::parse(testing::text_of(folder() / name / "result.json"));
  };
  const json first = result_of("out");
  const json second = result_of("out-2");
  for (const json& each : {first, second}) EXPECT_EQ(each["findings"][0]["kind"], "fd-leak");
  EXPECT_NE(first["target"]["pids"], second["target"]["pids"]);
}

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
