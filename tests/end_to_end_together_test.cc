// Events that reach a server in one wake-up: what only a batch shows.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <unistd.h>

#include <regex>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::address_of;
using testing::Ended;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Program;

class InOneWakeUp : public testing::RigRun {
 protected:
  // A second of groups of `together`, of a server that the rig starts or that listens there.
  [[nodiscard]] std::string bursts(const std::string& target, const std::string& together,
                                   const std::string& clients) const {
    return write(
        "bursts.yaml",
        fmt::format("name: bursts\n"
                    "seed: 5\n"
                    "target: {{{}}}\n"
                    "cycle:\n"
                    "  - {{name: storm, for: 1s, rate: 320/s, together: {}, clients: {}}}\n"
                    "  - {{name: rest, settle: 3s, quiet: 200ms}}\n"
                    "expect: {{clients.polite.failed_ratio: < 1%}}\n",
                    target, together, clients));
  }
  [[nodiscard]] static bool may_go_first() {
    const sched_param first{.sched_priority = ::sched_get_priority_min(SCHED_FIFO)};
    const sched_param usual{};
    if (::sched_setscheduler(0, SCHED_FIFO, &first) != 0) return false;
    ::sched_setscheduler(0, SCHED_OTHER, &usual);
    return true;
  }
};

std::uint64_t stale_events_in(const std::string& log) {
  std::smatch match;
  if (!std::regex_search(log, match, std::regex("stale_events=([0-9]+)"))) return 0;
  return std::stoull(match.str(1));
}

// 16 come at once where 8 have room: newcomers take the places of those whose requests are in the
// same batch.
TEST_F(InOneWakeUp, AGroupLeavesStaleEventsInAServerThatEvicts) {
  const Ended ended =
      run({bursts("start: closewait-server --service http --listen 127.0.0.1:0 --evict-idle "
                  "--max-connections 8",
                  "16", "{polite: 1}")});
  ASSERT_FALSE(ended.result.is_null()) << ended.errors;
  EXPECT_GT(stale_events_in(testing::text_of(out() / "target.log")), 0U);
  EXPECT_EQ(ended.result["phases"][0]["together"], 16);
  if (may_go_first()) {
    EXPECT_EQ(ended.result["phases"][0]["together_lacks"], "");
    EXPECT_THAT(ended.output, ::testing::Not(HasSubstr("events may have come one by one")));
  }
}

// A server that runs already gets its CPUs back.
TEST_F(InOneWakeUp, TheServerHasItsCpusBackAfterwards) {
  const Program server({"closewait-server", "--listen", "127.0.0.1:0", "--service", "http"},
                       folder());
  const SocketAddress address = address_of(server);
  cpu_set_t before{};
  ASSERT_EQ(::sched_getaffinity(server.pid(), sizeof(before), &before), 0);
  const Ended ended =
      run({bursts(fmt::format("address: '{}'", address.to_string()), "16", "{polite: 1}")});
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  cpu_set_t after{};
  ASSERT_EQ(::sched_getaffinity(server.pid(), sizeof(after), &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

// Of a group it accepts one; the others wait for a next edge that is theirs no more.
TEST_F(InOneWakeUp, AServerThatAcceptsOnceAnEdgeLeavesABurstWaiting) {
  const auto target = [](const std::string& name) {
    return "start: closewait-specimen " + name + " --listen 127.0.0.1:0";
  };
  const Ended flawed =
      run({bursts(target("accepts-once-an-edge"), "64", "{polite: {weight: 1, timeout: 2s}}")});
  EXPECT_EQ(flawed.status, 1) << flawed.output << flawed.errors;
  EXPECT_GT(flawed.result["clients"]["polite"]["timed_out"], 100);
  EXPECT_FALSE(flawed.result["expectations"][0]["held"]);
  ASSERT_FALSE(flawed.result["findings"].empty()) << flawed.output;
  EXPECT_EQ(flawed.result["findings"][0]["kind"], "stuck");
}

}  // namespace
}  // namespace closewait
