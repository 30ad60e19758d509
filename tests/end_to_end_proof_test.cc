// What clients say of their resets is held against what the kernel counted, in a network of the
// test's own, where nobody else resets anything.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::Ended;

class Proof : public testing::RigRun {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_own_network(); !why.empty()) GTEST_SKIP() << why;
  }

  // A warm-up and two storms of these clients.
  [[nodiscard]] Ended run_of(const std::string& clients, const std::string& more = "") const {
    const std::string scenario =
        write("proof.yaml",
              fmt::format(
                  "name: proof\ntarget: {{start: closewait-server --service http --listen "
                  "127.0.0.1:0}}\nload: {{lag_at_most: 10s{0}}}\n"
                  "warm_up: {{for: 500ms, rate: 40/s, clients: {1}}}\n"
                  "cycle: [{{for: 1s, rate: 100/s, clients: {1}}}, {{settle: 3s, quiet: 200ms}}]\n"
                  "repeat: 2\n",
                  more, clients));
    return closewait_in_own_network("run " + scenario + " --out " + out().string());
  }
};

void expect_proven(const json& phase) {
  const json& resets = phase["resets"];
  EXPECT_TRUE(resets["comparable"]) << phase;
  EXPECT_GT(resets["confirmed"], 0) << phase;
  EXPECT_EQ(resets["confirmed"], resets["intended"]) << phase;
  EXPECT_GE(resets["sent"], resets["confirmed"]) << phase;
}

std::uint64_t confirmed_in_phases(const json& result) {
  std::uint64_t sum = 0;
  for (const json& phase : result["phases"]) {
    sum += phase["resets"]["confirmed"].get<std::uint64_t>();
  }
  return sum;
}

TEST_F(Proof, TheKernelSentAtLeastTheResetsThatClientsConfirm) {
  const Ended ended = run_of("{polite: 2, rst-after-connect: 1, rst-mid-response: 1}");
  expect_pass(ended, {"polite", "rst-after-connect", "rst-mid-response"});
  ASSERT_EQ(ended.result["phases"].size(), 3U);
  for (const json& phase : ended.result["phases"]) expect_proven(phase);
  const json& clients = ended.result["clients"];
  EXPECT_EQ(confirmed_in_phases(ended.result),
            clients["rst-after-connect"]["confirmed"].get<std::uint64_t>() +
                clients["rst-mid-response"]["confirmed"].get<std::uint64_t>());
}

// Where nothing else sends an RST the bound is no bound but the very number.
TEST_F(Proof, OfPlainResetsEachIsOneThatTheKernelSent) {
  const Ended ended = run_of("{polite: 1, rst-after-connect: 1}");
  expect_pass(ended, {"polite", "rst-after-connect"});
  ASSERT_EQ(ended.result["phases"].size(), 3U);
  for (const json& phase : ended.result["phases"]) {
    expect_proven(phase);
    EXPECT_EQ(phase["resets"]["sent"], phase["resets"]["confirmed"]) << phase;
    EXPECT_EQ(phase["resets"]["aborts_on_data"], phase["resets"]["confirmed"]) << phase;
    EXPECT_EQ(phase["resets"]["aborts_on_close"], 0) << phase;
  }
}

TEST_F(Proof, HoldsWhereSeveralProcessesPlay) {
  const std::string few_files = ", open_at_most: 300, workers: 2";
  const std::string before = "ulimit -n 250";
  const std::string scenario =
      write("processes.yaml",
            "name: processes\ntarget: {start: closewait-server --service echo --listen "
            "127.0.0.1:0, dialect: echo}\nload: {lag_at_most: 10s" +
                few_files +
                "}\n"
                "cycle: [{for: 1s, rate: 200/s, clients: {rst-after-connect: 1}}, "
                "{settle: 3s, quiet: 200ms}]\nrepeat: 2\n");
  const Ended ended =
      closewait_in_own_network("run " + scenario + " --out " + out().string(), before);
  expect_pass(ended, {"rst-after-connect"});
  EXPECT_GT(ended.result["rig_processes"], 1);
  ASSERT_EQ(ended.result["phases"].size(), 2U);
  for (const json& phase : ended.result["phases"]) {
    expect_proven(phase);
    EXPECT_EQ(phase["resets"]["sent"], phase["resets"]["confirmed"]) << phase;
  }
}

}  // namespace
}  // namespace closewait
