// What a target, or the rig's own rights, do not let happen.

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using testing::Ended;
using ::testing::HasSubstr;

using testing::Program;
using testing::shipped;
using testing::TemporaryFolder;

constexpr int kPass = 0;
constexpr int kBadInput = 2;
constexpr std::chrono::seconds kPatience(30);

class Applicability : public testing::RigRun {
 protected:
  // A command of the rig as root without that right; nothing where there is no root.
  [[nodiscard]] std::optional<Ended> without_net_admin(const Arguments& arguments) const {
    if (::geteuid() != 0) return {};
    const TemporaryFolder folder;
    Arguments command{"/usr/bin/setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin",
                      std::string(std::getenv("CLOSEWAIT_BIN")) + "/closewait"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    Program program(command, folder.path());
    const auto status = program.wait(kPatience);
    return Ended{.status = status, .output = program.output(), .errors = program.errors()};
  }
};

TEST_F(Applicability, ABehaviourThatTheTargetCannotShowIsListedAndNotJudged) {
  const Ended ended = run({shipped("smoke"), "--set", "repeat=1", "--set", "target.path=/bytes/600",
                           "--set", "cycle.storm.for=1s", "--set", "cycle.storm.rate=100/s",
                           "--set", "cycle.storm.clients={polite: 1, rst-mid-response: 1}"});
  EXPECT_EQ(ended.status, kPass) << ended.output << ended.errors;
  const auto& client = ended.result["clients"]["rst-mid-response"];
  EXPECT_THAT(client["not_applicable"].get<std::string>(),
              HasSubstr("needs a response of 256KiB, and the target gave 7"));
  EXPECT_GT(client["planned"].get<int>(), 0);
  EXPECT_EQ(client["skipped"], client["planned"]);
  EXPECT_EQ(client["opened"], 0);
  EXPECT_FALSE(ended.result["clients"]["polite"].contains("not_applicable"));
  EXPECT_THAT(ended.output, HasSubstr("not judged: rst-mid-response: not applicable"));
}

TEST_F(Applicability, WhatNeedsARightIsRefusedWithWhatToGrant) {
  const std::string file =
      write("v.yaml",
            "name: v\ntarget: {address: 127.0.0.1:80}\n"
            "cycle: [{for: 1s, rate: 10/s, clients: {polite: 1, vanish: 1}}, {settle: 1s}]\n");
  const auto refused = without_net_admin({"check", file});
  if (!refused) GTEST_SKIP() << "needs root, to do without one of its rights";
  EXPECT_EQ(refused->status, kBadInput);
  EXPECT_THAT(refused->errors,
              ::testing::AllOf(HasSubstr("v.yaml:3:52: 'vanish' needs CAP_NET_ADMIN"),
                               HasSubstr("setcap cap_net_admin+ep"), HasSubstr("optional: true")));
  const auto optional =
      without_net_admin({"check", file, "--set",
                         "cycle.storm.clients={polite: 1, vanish: {weight: 1, optional: on}}"});
  EXPECT_EQ(optional->status, kPass) << optional->errors;
}

// What nobody told the server is no leak of it, unless it promised to notice.
const std::vector<std::string> kSomeVanish{
    shipped("smoke"),
    "--set",
    "cycle.storm.for=1s",
    "--set",
    "cycle.storm.rate=100/s",
    "--set",
    "cycle.storm.clients={polite: 1, vanish: 1}",
    "--set",
    "cycle.rest.settle=2s",
    "--set",
    "cycle.rest.quiet=200ms",
    "--set",
    "target.start=closewait-server --service http --listen 127.0.0.1:0"};

TEST_F(Applicability, AVanishedClientIsNoLeakOfAServerThatPromisesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "vanish needs CAP_NET_ADMIN";
  const Ended ended = run(kSomeVanish);
  EXPECT_EQ(ended.status, kPass) << ended.output << ended.errors;
  const auto& left = ended.result["rests"].back()["outstanding"];
  ASSERT_EQ(left.size(), 1U) << left.dump();
  EXPECT_GT(left[0]["count"], 0);
  EXPECT_TRUE(left[0]["untold"].get<bool>());
}

TEST_F(Applicability, AVanishedClientThatOutlivesThePromiseIsALeak) {
  if (::geteuid() != 0) GTEST_SKIP() << "vanish needs CAP_NET_ADMIN";
  std::vector<std::string> promised = kSomeVanish;
  promised.insert(promised.end(), {"--set", "target.promises={idle_timeout: 500ms}"});
  const Ended ended = run(promised);
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  ASSERT_EQ(ended.result["findings"].size(), 1U);
  EXPECT_EQ(ended.result["findings"][0]["behaviour"], "vanish");
}

TEST_F(Applicability, TheDoctorSaysWhatIsMissing) {
  const TemporaryFolder server_folder;
  const Program server({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0"},
                       server_folder.path());
  const std::string address = address_of(server).to_string();
  const Ended seen = closewait({"doctor", address, "--json"});
  ASSERT_EQ(seen.status, kPass) << seen.errors;
  const auto report = nlohmann::json::parse(seen.output);
  const auto found = [&](const nlohmann::json& all, const std::string& what) {
    for (const auto& each : all) {
      if (each["what"] == what) return each["is_there"].get<bool>();
    }
    ADD_FAILURE() << what << " is not in " << all.dump();
    return false;
  };
  EXPECT_TRUE(found(report["target"]["looked_at"], "dialect"));
  EXPECT_TRUE(found(report["target"]["looked_at"], "response"));
  EXPECT_TRUE(found(report["target"]["looked_at"], "keep-alive"));
  EXPECT_TRUE(report["not_applicable"].contains("tls-silent"));
  EXPECT_TRUE(report["not_applicable"].contains("server-first"));
  EXPECT_FALSE(report["not_applicable"].contains("half-close"));
  const auto poor = without_net_admin({"doctor", address});
  if (!poor) GTEST_SKIP() << "needs root, to do without one of its rights";
  EXPECT_EQ(poor->status, kPass) << poor->errors;
  EXPECT_THAT(poor->output,
              ::testing::AllOf(HasSubstr("MISSING CAP_NET_ADMIN"),
                               HasSubstr("not applicable: vanish needs CAP_NET_ADMIN")));
}

TEST_F(Applicability, TheDoctorSaysThatNobodyListens) {
  EXPECT_EQ(closewait({"doctor", "127.0.0.1:1"}).status, 3);
  EXPECT_EQ(closewait({"doctor", "nowhere"}).status, kBadInput);
  EXPECT_EQ(closewait({"doctor", "192.0.2.1:80"}).status, kBadInput);
}

}  // namespace
}  // namespace closewait
