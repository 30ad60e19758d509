// A load that one process has too few descriptors for: the rig spreads it over several, and nobody
// notices but by the number.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "record/journal.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using ::testing::AllOf;
using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using testing::is_gone;
using testing::Program;

constexpr std::uint64_t kFewFiles = 256;
constexpr std::chrono::seconds kLongest(60);

// Programs that are started while this lives may open so few files, and cannot raise that. With
// the right to raise it again, the hard limit of this process comes back.
class FewFiles {
 public:
  explicit FewFiles(std::uint64_t files) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{files, files};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewFiles(const FewFiles&) = delete;
  FewFiles& operator=(const FewFiles&) = delete;

 private:
  rlimit before_{};
};

std::set<pid_t> children_of(pid_t pid) {
  std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", pid));
  std::set<pid_t> children;
  for (pid_t child = 0; list >> child;) children.insert(child);
  return children;
}

bool plays_a_part(pid_t pid) {
  return testing::text_of(fmt::format("/proc/{}/comm", pid)) == "closewait-part\n";
}

class Spread : public testing::RigRun {
 protected:
  // Three processes' worth of connections, most of which are open at once.
  [[nodiscard]] Arguments scenario(const std::string& length = "2s") const {
    return {write("spread.yaml",
                  "name: spread\n"
                  "seed: 7\n"
                  "target:\n"
                  "  start: closewait-server --service http --listen 127.0.0.1:0 --processes 5\n"
                  "load: {arrivals: even, open_at_most: 600}\n"
                  "warm_up: {for: 200ms, rate: 50/s, clients: {polite: 1}}\n"
                  "cycle:\n"
                  "  - name: storm\n"
                  "    for: " +
                      length +
                      "\n"
                      "    rate: 300/s\n"
                      "    clients:\n"
                      "      polite: 20\n"
                      "      half-close: 10\n"
                      "      rst-after-connect: {weight: 70, wait: 2s}\n"
                      "  - {name: rest, settle: 10s, quiet: 300ms}\n"
                      "repeat: 1\n")};
  }
  // A run that plays for long, in its storm.
  [[nodiscard]] std::unique_ptr<Program> started() {
    auto rig = start_run(scenario("60s"));
    EXPECT_TRUE(storm_began()) << rig->errors();
    for (const pid_t child : children_of(rig->pid())) {
      (plays_a_part(child) ? parts_ : others_).insert(child);
    }
    EXPECT_EQ(parts_.size(), 4U);
    return rig;
  }
  [[nodiscard]] bool all_gone() const {
    return eventually([&] {
      return std::ranges::all_of(parts_, is_gone) && std::ranges::all_of(others_, is_gone);
    });
  }

  FewFiles few_{kFewFiles};
  std::set<pid_t> parts_;
  std::set<pid_t> others_;  // the target
};

TEST_F(Spread, IsSaidByCheck) {
  Arguments arguments = scenario();
  arguments.insert(arguments.begin(), "check");
  const Ended ended = closewait(arguments);
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("spread over 4 processes, which may open 256 each"));
}

std::uint64_t most_open(const std::filesystem::path& record) {
  std::uint64_t most = 0;
  std::ifstream lines(record);
  for (std::string text; std::getline(lines, text);) {
    const auto line = parse_line(text);
    if (!line || !std::holds_alternative<SecondLine>(*line)) continue;
    most = std::max(most, std::get<SecondLine>(*line).open);
  }
  return most;
}

TEST_F(Spread, CountsAsOneProcessDoes) {
  const Ended several = run(scenario());
  EXPECT_EQ(several.status, 0) << several.output << several.errors;
  ASSERT_EQ(several.result["rig_processes"], 4);
  for (const auto& rest : several.result["rests"]) EXPECT_EQ(rest["rig"]["processes"], 5);
  EXPECT_GT(most_open(record()), kFewFiles);  // more at once than any of them may open
  std::filesystem::remove_all(out());
  const auto before = several.result["clients"];

  Arguments enough = scenario();
  for (const char* setting :
       {"load.open_at_most=100", "cycle.storm.clients.rst-after-connect.wait=1ms"}) {
    enough.insert(enough.end(), {"--set", setting});
  }
  const Ended one = run(enough);
  EXPECT_EQ(one.status, 0) << one.output << one.errors;
  ASSERT_EQ(one.result["rig_processes"], 1);
  for (const auto& [name, clients] : before.items()) {
    for (const char* key : {"planned", "opened", "delivered", "confirmed", "rig_errors"}) {
      EXPECT_EQ(clients[key], one.result["clients"][name][key]) << name << ' ' << key;
    }
    for (const char* what : {"connect", "response", "reap"}) {
      EXPECT_EQ(several.result["latency"][name][what]["count"],
                one.result["latency"][name][what]["count"])
          << name << ' ' << what;
    }
  }
  EXPECT_EQ(several.result["lag"]["count"], 600);
  for (const auto& rest : several.result["rests"]) EXPECT_EQ(rest["outstanding"].size(), 0U);
}

// A limit of all is not one of each: of 600 that want to stay, 300 find room.
TEST_F(Spread, SharesOutWhatMayBeOpen) {
  Arguments arguments = scenario();
  for (const char* setting :
       {"load.open_at_most=300",
        "cycle.storm.clients={rst-after-connect: {weight: 1, wait: 10s, timeout: 20s}}",
        "load.grace=100ms", "warm_up.for=100ms"}) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.result["rig_processes"], 2) << ended.errors;
  EXPECT_EQ(ended.result["clients"]["rst-after-connect"]["opened"], 300);
  EXPECT_EQ(ended.result["clients"]["rst-after-connect"]["skipped"], 300);
  EXPECT_EQ(ended.result["clients"]["rst-after-connect"]["cut"], 300);
}

TEST_F(Spread, IsInconclusiveWhenOneOfItsProcessesIsKilled) {
  const auto rig = started();
  const pid_t victim = *parts_.begin();
  ::kill(victim, SIGKILL);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["verdict"], "inconclusive");
  EXPECT_THAT(ended.output, AllOf(HasSubstr(fmt::format("process {} of the rig (", victim)),
                                  HasSubstr("of 4) was killed by signal 9 (Killed)")));
  EXPECT_TRUE(all_gone());
}

TEST_F(Spread, DoesNotWaitForAProcessThatHangs) {
  const auto rig = started();
  const pid_t victim = *parts_.begin();
  ::kill(victim, SIGSTOP);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr(fmt::format("process {} of the rig (", victim)),
                                  HasSubstr("did not answer for 10 s")));
  EXPECT_TRUE(all_gone());
}

// As a terminal does: to all of them at once.
TEST_F(Spread, EndsInOrderWhenInterrupted) {
  const auto rig = started();
  for (const pid_t part : parts_) ::kill(part, SIGINT);
  rig->signal(SIGINT);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("interrupted before the end of the plan"));
  const auto& clients = ended.result["clients"]["rst-after-connect"];
  EXPECT_GT(clients["cut"], 0);  // each part cut its own, and told so
  EXPECT_EQ(clients["opened"], clients["delivered"].get<int>() + clients["preempted"].get<int>() +
                                   clients["timed_out"].get<int>() + clients["cut"].get<int>());
  EXPECT_TRUE(all_gone());
}

TEST_F(Spread, LeavesNoProcessWhenTheRigIsKilled) {
  const auto rig = started();
  rig->signal(SIGKILL);
  EXPECT_EQ(rig->wait(kLongest), 128 + SIGKILL);
  EXPECT_TRUE(all_gone());
}

TEST_F(Spread, IsRefusedWhenNoNumberOfProcessesIsEnough) {
  Arguments arguments = scenario();
  arguments.insert(arguments.end(), {"--set", "load.open_at_most=100000"});
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.status, 2) << ended.output;
  EXPECT_THAT(ended.errors, HasSubstr("load.open_at_most: 100000 connections do not fit into 256 "
                                      "processes that may open 256 descriptors each"));
}

}  // namespace
}  // namespace closewait
