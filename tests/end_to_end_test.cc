// The programs as a user starts them: what they find, and what they do not.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include "faults/behaviour.h"
#include "record/journal.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::address_of;
using ::testing::AllOf;
using ::testing::Each;
using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using testing::is_gone;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Program;
using testing::short_soak;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using testing::whole_soak;

class EndToEnd : public testing::RigRun {
 protected:
  static Arguments with(Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static Arguments soak_of(const std::string& target) {
    return with(short_soak(), {"--set", "target.start=" + target});
  }
  static std::string specimen(const std::string& name) {
    return "closewait-specimen " + name + " --listen 127.0.0.1:0";
  }
  // A quiet run of a server that is there all along; it would last a minute.
  [[nodiscard]] Arguments long_run() const {
    return {write("long.yaml",
                  "name: long\n"
                  "seed: 3\n"
                  "target: {start: closewait-server --service http --listen 127.0.0.1:0}\n"
                  "cycle:\n"
                  "  - {name: storm, for: 60s, rate: 100/s, clients: {polite: 1}}\n"
                  "  - {name: rest, settle: 2s, quiet: 500ms}\n")};
  }
};

// Resets after the connection and in the middle of a response, one descriptor each; nobody else.
void expect_resets_leak(const Ended& ended) {
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  ASSERT_EQ(ended.result["verdict"], "fail");
  std::vector<std::string> leaking;
  for (const json& finding : ended.result["findings"]) {
    if (finding["kind"] == "busy-loop") continue;  // of what is leaked, epoll tells again and again
    leaking.push_back(finding["behaviour"]);
    EXPECT_EQ(finding["kind"], "fd-leak");
    EXPECT_EQ(finding["per_connection"], 1.0) << finding.dump(2);
    EXPECT_THAT(finding["again"].get<std::string>(),
                HasSubstr(finding["behaviour"].get<std::string>()));
  }
  EXPECT_THAT(leaking, UnorderedElementsAre("rst-after-connect", "rst-mid-response"))
      << ended.result["findings"].dump(2);
}

// The server of this repository, in one of the ways in which it may be told to serve.
struct Way {
  const char* name;
  const char* dialect;
  const char* more;
  friend void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }
};

class TheServer : public EndToEnd, public ::testing::WithParamInterface<Way> {};

TEST_P(TheServer, PassesTheSoak) {
  const auto& [name, dialect, more] = GetParam();
  const Ended ended = run(with(
      whole_soak(), {"--set",
                     fmt::format("target.start=closewait-server --service {} --listen 127.0.0.1:0 "
                                 "--idle-timeout 5s {}",
                                 dialect, more),
                     "--set", fmt::format("target.dialect={}", dialect)}));
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["verdict"], "pass");
  EXPECT_THAT(ended.result["findings"], IsEmpty());
  ASSERT_THAT(ended.result["rests"], SizeIs(3));
  for (const json& rest : ended.result["rests"]) {
    EXPECT_THAT(rest["outstanding"], IsEmpty()) << rest.dump(2);
    EXPECT_EQ(rest["sample"]["fds"], ended.result["rests"][0]["sample"]["fds"]);
  }
  for (const auto& [behaviour, counts] : ended.result["clients"].items()) {
    if (GetParam().dialect != std::string("echo")) {
      EXPECT_FALSE(counts.contains("not_applicable")) << counts;
    }
    EXPECT_TRUE(counts["delivered"] > 0 || counts.contains("not_applicable")) << behaviour;
  }
  EXPECT_FALSE(std::filesystem::exists(out() / "again.sh"));
}
INSTANTIATE_TEST_SUITE_P(Serving, TheServer,
                         ::testing::Values(Way{"Http", "http", ""}, Way{"Echo", "echo", ""},
                                           Way{"Workers", "http", "--workers 3"},
                                           Way{"Processes", "http", "--processes 2"}),
                         [](const auto& way) { return way.param.name; });

TEST_F(EndToEnd, ADescriptorLeakedOnResetIsNamed) {
  const Ended ended = run(soak_of(specimen("fd-leak-on-reset")));
  expect_resets_leak(ended);
  for (const json& finding : ended.result["findings"]) EXPECT_EQ(finding["confidence"], "exact");
  EXPECT_TRUE(std::filesystem::exists(out() / "again.sh"));
}

TEST_F(EndToEnd, AConnectionKeptAfterAnErrorIsNamed) {
  const Ended ended = run(soak_of(specimen("no-teardown-on-error")));
  expect_resets_leak(ended);
  for (const json& finding : ended.result["findings"]) EXPECT_EQ(finding["confidence"], "exact");
}

// One finding, of this kind and by this behaviour, and its command shows it again.
void expect_response_finding(const Ended& ended, const std::string& kind,
                             const std::string& behaviour) {
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  ASSERT_THAT(ended.result["findings"], SizeIs(1)) << ended.output;
  const json& finding = ended.result["findings"][0];
  EXPECT_EQ(finding["kind"], kind);
  EXPECT_EQ(finding["behaviour"], behaviour);
  EXPECT_GT(finding["connections"], 0);
  EXPECT_THAT(finding["again"].get<std::string>(), HasSubstr("{polite: 1, " + behaviour + ": "));
}

TEST_F(EndToEnd, AResponseLostToHalfCloseIsNamed) {
  expect_response_finding(run(soak_of(specimen("half-close-unanswered"))), "lost-response",
                          "half-close");
}

// What half-close gets is a promise. Without one it is told and not judged.
TEST_F(EndToEnd, AResponseThatNobodyPromisedIsNoFinding) {
  const Ended ended = run(with(soak_of(specimen("half-close-unanswered")),
                               {"--set", "target.promises={half_close: closes}"}));
  EXPECT_THAT(ended.result["findings"], IsEmpty());
  EXPECT_THAT(ended.output, HasSubstr("lost-response by half-close"));
}

TEST_F(EndToEnd, OtherBytesThanOwedAreNamed) {
  const Ended ended = run(soak_of(specimen("resumes-a-byte-late")));
  expect_response_finding(ended, "wrong-response", "slow-read");
  const json& finding = ended.result["findings"][0];
  EXPECT_EQ(finding["confidence"], "exact");
  EXPECT_THAT(finding["evidence"].dump(), HasSubstr("the first that differs is at offset"));
}

TEST_F(EndToEnd, ARequestInTwoPartsThatIsTakenForABadOneIsNamed) {
  expect_response_finding(
      run(with(soak_of(specimen("one-read-is-a-request")),
               {"--set", "cycle.storm.clients={polite: 80, rst-after-connect: 10, split: 10}"})),
      "wrong-response", "split");
}

TEST_F(EndToEnd, ADescriptorLeakedOnResetIsFoundByCount) {
  const Ended ended =
      run(with(soak_of(specimen("fd-leak-on-reset")), {"--set", "load.destroy_events=off"}));
  expect_resets_leak(ended);
  for (const json& finding : ended.result["findings"]) {
    EXPECT_EQ(finding["confidence"], "estimated");
  }
}

TEST_F(EndToEnd, AConnectionKeptAfterAnErrorIsFoundByCount) {
  expect_resets_leak(
      run(with(soak_of(specimen("no-teardown-on-error")), {"--set", "load.destroy_events=off"})));
}

TEST_F(EndToEnd, ACrashIsAFinding) {
  const auto rig = start_run(long_run());
  ASSERT_TRUE(storm_began()) << rig->errors();
  ASSERT_GT(target_pid(), 1);
  ::kill(target_pid(), SIGKILL);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["verdict"], "fail");
  ASSERT_THAT(ended.result["findings"], SizeIs(1));
  EXPECT_EQ(ended.result["findings"][0]["kind"], "crash");
  EXPECT_THAT(ended.result["findings"][0]["evidence"].dump(), HasSubstr("SIGKILL"));
  EXPECT_GT(ended.result["clients"]["polite"]["delivered"], 0);  // what was seen before is kept
}

TEST_F(EndToEnd, CtrlCEndsARunAtOnceAndKeepsItsRecord) {
  const auto rig = start_run(long_run());
  ASSERT_TRUE(storm_began()) << rig->errors();
  const pid_t target = target_pid();
  ASSERT_GT(target, 1);
  rig->signal(SIGINT);
  EXPECT_EQ(rig->wait(std::chrono::seconds(5)), 3) << rig->errors();
  EXPECT_TRUE(is_gone(target));
  const auto read = read_run(record());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->truncated);
  ASSERT_TRUE(read->run.end);
  EXPECT_FALSE(read->run.end->finished);
  EXPECT_EQ(read->run.end->verdict, Verdict::kInconclusive);
}

TEST_F(EndToEnd, AKilledRigTakesItsTargetAlongAndLeavesItsRecord) {
  const auto rig = start_run(long_run());
  ASSERT_TRUE(storm_began()) << rig->errors();
  const pid_t target = target_pid();
  ASSERT_GT(target, 1);
  rig->signal(SIGKILL);
  EXPECT_EQ(rig->wait(std::chrono::seconds(5)), 128 + SIGKILL);
  EXPECT_TRUE(eventually([&] { return is_gone(target); }));
  const auto read = read_run(record());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->truncated);
  EXPECT_FALSE(read->run.end);
  EXPECT_GT(read->run.storm_seconds, 0);
}

TEST_F(EndToEnd, AKeptTargetOutlivesTheRun) {
  const Ended ended = run(with(long_run(), {"--keep-target", "--set", "cycle.storm.for=500ms"}));
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  ASSERT_GT(target_pid(), 1);
  EXPECT_FALSE(is_gone(target_pid()));
  ::kill(target_pid(), SIGTERM);
  EXPECT_TRUE(eventually([&] { return is_gone(target_pid()); }));
}

TEST_F(EndToEnd, AServerThatRunsIsTestedWithoutAFile) {
  const Program server({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0"},
                       folder());
  const Ended ended = run({"--target", address_of(server).to_string(), "--mix",
                           "polite:80,rst-after-connect:20", "--rate", "200/s", "--for", "2s"});
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["target"]["pids"], json::array({server.pid()}));
  EXPECT_GT(ended.result["clients"]["rst-after-connect"]["delivered"], 0);
  EXPECT_FALSE(is_gone(server.pid()));
}

TEST_F(EndToEnd, JsonIsTheOnlyOutput) {
  const Ended ended = run(with(long_run(), {"--json", "--set", "cycle.storm.for=500ms"}));
  EXPECT_EQ(ended.status, 0) << ended.errors;
  const json printed = json::parse(ended.output, nullptr, false);
  ASSERT_TRUE(printed.is_object()) << ended.output;
  EXPECT_EQ(printed, ended.result);
}

// An http client at an echo server: its own request comes back.
TEST_F(EndToEnd, AWrongDialectIsNoPass) {
  const Ended ended = run(with(
      long_run(), {"--set", "target.start=closewait-server --service echo --listen 127.0.0.1:0",
                   "--set", "cycle.storm.for=1s", "--set", "repeat=1"}));
  EXPECT_THAT(ended.status, ::testing::Optional(::testing::AnyOf(1, 3)))
      << ended.output << ended.errors;
  EXPECT_THAT(ended.output + ended.errors, HasSubstr("dialect"));
}

}  // namespace
}  // namespace closewait
