// Servers that nobody has described: what they speak is found out, and what fits them is played.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/outside_server.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using testing::Ended;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Program;

class Hunt : public testing::RigRun {
 protected:
  // One short cycle of it, so that the test takes seconds.
  [[nodiscard]] Ended hunt(const std::string& address, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{
        "hunt",  address,    "--out", out().string(),       "--seed", "3",
        "--set", "repeat=1", "--set", "cycle.storm.for=2s", "--set",  "load.lag_at_most=10s"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return closewait(arguments);
  }
  [[nodiscard]] std::string scenario() const { return testing::text_of(out() / "scenario.yaml"); }
};

TEST_F(Hunt, FindsWhatIsWrongAndLeavesTheScenario) {
  Program server({"closewait-specimen", "fd-leak-on-reset", "--listen", "127.0.0.1:0"}, folder());
  const Ended ended = hunt(testing::address_of(server).to_string());
  ASSERT_EQ(ended.status, 1) << ended.output << ended.errors;
  EXPECT_THAT(ended.errors, HasSubstr("target.dialect=http"));
  for (const auto& each : ended.result["findings"]) EXPECT_EQ(each["kind"], "fd-leak") << each;
  EXPECT_EQ(ended.result["clients"]["rst-after-connect"]["rig_errors"], 0);
  const Ended checked = closewait({"check", (out() / "scenario.yaml").string()});
  EXPECT_EQ(checked.status, 0) << checked.output << checked.errors;
  EXPECT_THAT(scenario(), Not(HasSubstr("vanish"))) << "it would take a right";
}

TEST_F(Hunt, LeavesAServerThatIsRightInPeace) {
  Program server({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0"}, folder());
  const Ended ended = hunt(testing::address_of(server).to_string());
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["verdict"], "pass");
  EXPECT_GT(ended.result["clients"].size(), 20U);
}

// By its first words.
TEST_F(Hunt, KnowsRedis) {
  const SocketAddress address = testing::free_address();
  const Program server({"/usr/bin/redis-server", "--port", std::to_string(address.port()), "--bind",
                        "127.0.0.1", "--save", "", "--appendonly", "no"},
                       folder());
  ASSERT_TRUE(testing::eventually([&] { return testing::accepts(address); }));
  const Ended ended = hunt(address.to_string());
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_THAT(scenario(), HasSubstr("+PONG"));
}

TEST_F(Hunt, KnowsMemcached) {
  const SocketAddress address = testing::free_address();
  const Program server({"/usr/bin/memcached", "-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-p",
                        std::to_string(address.port())},
                       folder());
  ASSERT_TRUE(testing::eventually([&] { return testing::accepts(address); }));
  const Ended ended = hunt(address.to_string());
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_THAT(scenario(), HasSubstr("VERSION "));
}

// A quarter of the descriptors that it has left.
TEST_F(Hunt, OpensFewConnectionsWhereTheServerIsSmall) {
  Program server({"/bin/sh", "-c",
                  "ulimit -n 64; exec $CLOSEWAIT_BIN/closewait-server --service http --listen "
                  "127.0.0.1:0"},
                 folder());
  const Ended ended = hunt(testing::address_of(server).to_string());
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_THAT(ended.errors, ::testing::ContainsRegex("at most (8|9|1[0-4]) open"));
}

TEST_F(Hunt, SaysThatNobodyListens) {
  const Ended ended = hunt(testing::free_address().to_string());
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.errors, HasSubstr("nothing listens at 127.0.0.1:"));
  EXPECT_EQ(hunt("no-address").status, 2);
}

}  // namespace
}  // namespace closewait
