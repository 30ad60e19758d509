// What a machine has not is said before a run, in a network of the test's own.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using ::testing::AllOf;
using testing::Ended;
using ::testing::HasSubstr;
using ::testing::Not;

class Budget : public testing::RigRun {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_own_network(); !why.empty()) GTEST_SKIP() << why;
    if (::access("/usr/sbin/nft", X_OK) != 0) GTEST_SKIP() << "/usr/sbin/nft is not installed";
  }

  // In a network that has nothing but loopback, with 100 ports for clients, prepared by `more`.
  [[nodiscard]] Ended closewait_there(const std::string& command,
                                      const std::string& more = "true") {
    return closewait_in_own_network(
        command, "echo 40000 40099 >/proc/sys/net/ipv4/ip_local_port_range; " + more);
  }

  [[nodiscard]] std::string held_for(const std::string& hold) {
    return write("held.yaml",
                 fmt::format("name: held\ntarget: {{start: closewait-server --listen 127.0.0.1:0 "
                             "--service echo, dialect: echo}}\n"
                             "cycle: [{{for: 1s, rate: 150/s, clients: {{rst-after-connect: "
                             "{{weight: 1, wait: {}}}}}}}]\n",
                             hold));
  }
};

constexpr int kBadInput = 2;

TEST_F(Budget, TooFewPortsAreSaidAndNothingIsRun) {
  const std::string scenario = held_for("2s");
  const char* says =
      "closewait: this load needs 150 ports at once and 100 are there (1 source with 100 ports; "
      "one "
      "each while it is open); let them come from 2 addresses, on loopback load.sources: "
      "127.0.0.2-127.0.0.3\n";
  for (const char* command : {"check", "run"}) {
    const Ended ended = closewait_there(fmt::format("{} {}", command, scenario));
    EXPECT_EQ(ended.status, kBadInput) << ended.output;
    EXPECT_EQ(ended.errors, says);
  }
  EXPECT_FALSE(std::filesystem::exists(folder() / "results"));
  const Ended enough =
      closewait_there(fmt::format("run {} --set load.sources=127.0.0.2-127.0.0.3", scenario));
  EXPECT_EQ(enough.status, 0) << enough.output << enough.errors;
}

// Reserved ports are another program's, and here nothing comes through from them.
TEST_F(Budget, ReservedPortsAreLeftAlone) {
  const std::string scenario = held_for("10ms");
  const std::string reserved =
      "echo 40000-40079 >/proc/sys/net/ipv4/ip_local_reserved_ports; "
      "/usr/sbin/nft 'table ip t { chain o { type filter hook output priority 0; "
      "tcp sport 40000-40079 reject with tcp reset; }; }'";
  const Ended checked = closewait_there("check " + scenario, reserved);
  EXPECT_THAT(checked.output, HasSubstr("1 source with 20 ports")) << checked.errors;
  const Ended ended = closewait_there("run " + scenario, reserved);
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
}

// More of them than ports, many closed gracefully: what a port in TIME_WAIT costs is nothing. Nor
// to who ends by a reset, which binds without SO_REUSEADDR at first.
TEST_F(Budget, PortsInTimeWaitAreTakenAgain) {
  const std::string scenario =
      write("graceful.yaml",
            "name: graceful\ntarget: {start: closewait-server --listen 127.0.0.1:0 --service echo, "
            "dialect: echo}\ncycle: [{for: 1s, rate: 800/s, clients: {polite: 1, "
            "rst-after-connect: 1}}]\n"
            "expect: {clients.polite.failed: == 0, clients.rst-after-connect.failed: == 0}\n");
  const Ended ended = closewait_there("run " + scenario, "echo 0 >/proc/sys/net/ipv4/tcp_tw_reuse");
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
}

TEST_F(Budget, WithoutTimestampsTheyAreNot) {
  const std::string scenario =
      write("graceful.yaml",
            "name: graceful\ntarget: {start: closewait-server --listen 127.0.0.1:0 --service echo, "
            "dialect: echo}\ncycle: [{for: 1s, rate: 600/s, clients: {polite: 1}}]\n");
  const Ended ended =
      closewait_there("run " + scenario, "echo 0 >/proc/sys/net/ipv4/tcp_timestamps");
  EXPECT_EQ(ended.status, kBadInput) << ended.output;
  EXPECT_THAT(ended.errors, HasSubstr("needs 600 ports at once and 100 are there"));
}

TEST_F(Budget, ConntrackCountsWhereItFollowsTheConnections) {
  const std::string scenario = held_for("1ms");
  EXPECT_THAT(closewait_there("check " + scenario).output,
              AllOf(HasSubstr("\nports "), Not(HasSubstr("\nconntrack "))));
  const Ended tracked = closewait_there(
      "check " + scenario,
      "nft 'add table ip t; add chain ip t c { type filter hook input priority 0; }; "
      "add rule ip t c ct state new counter'");
  EXPECT_THAT(tracked.output, HasSubstr("\nconntrack ")) << tracked.errors;
  EXPECT_THAT(tracked.output, HasSubstr("an entry stays 2m after a close, 10s after a reset"));
}

// Every second SYN is lost on the way, as by a broken network.
TEST_F(Budget, PacketsLostOnTheWayAreNoVerdictOnTheTarget) {
  const std::string scenario = write(
      "lost.yaml",
      "name: lost\ntarget: {start: 'closewait-server --listen 127.0.0.1:7000 --service echo', "
      "dialect: echo}\ncycle: [{for: 1s, rate: 40/s, clients: {polite: 1}}]\n");
  const Ended ended = closewait_there(
      "run " + scenario + " --out " + out().string(),
      "nft 'add table ip t; add chain ip t c { type filter hook input priority 0; }; "
      "add rule ip t c tcp dport 7000 tcp flags syn / syn,ack numgen inc mod 2 == 0 drop'");
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("packets were lost on the way"));
  EXPECT_GT(ended.result["network"]["syn_retransmits"], 10);
}

}  // namespace
}  // namespace closewait
