// Targets that do not listen on IPv4.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <sstream>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using testing::Program;

class Families : public testing::RigRun {
 protected:
  // Two storms and their rests. The addresses that RigRun gives to come from are of IPv4.
  [[nodiscard]] Ended run_to(const std::string& target, const std::string& clients) {
    return closewait(
        {"run",
         write("family.yaml",
               fmt::format("name: family\nseed: 3\ntarget: {{{}}}\ncycle:\n"
                           "  - {{name: storm, for: 2s, rate: 200/s, clients: {{{}}}}}\n"
                           "  - {{settle: 10s, quiet: 500ms}}\nrepeat: 2\n",
                           target, clients)),
         "--out", out().string()});
  }
  [[nodiscard]] std::string socket_file() const { return "unix:" + (folder() / "s.sock").string(); }
};

constexpr const char* kClosing = "polite: 60, half-close: 30, slow-read: 5, polite-held: 5";
constexpr const char* kAll =
    "polite: 50, half-close: 20, slow-read: 5, polite-held: 5, rst-after-connect: 15, "
    "rst-mid-response: 5";

const std::vector<std::string> kClosingOnes{"polite", "half-close", "slow-read", "polite-held"};
const std::vector<std::string> kAllOfThem{"polite",      "half-close",        "slow-read",
                                          "polite-held", "rst-after-connect", "rst-mid-response"};

// And its descriptors were counted, as many at each rest.
void expect_seen_pass(const Ended& ended, const std::vector<std::string>& behaviours) {
  testing::expect_pass(ended, behaviours);
  if (::testing::Test::HasFatalFailure()) return;
  const json& first = ended.result["rests"].front();
  for (const json& rest : ended.result["rests"]) {
    EXPECT_GT(rest["sample"]["fds"], 0) << "its descriptors are seen";
    EXPECT_EQ(rest["sample"]["fds"], first["sample"]["fds"]);
  }
}

TEST_F(Families, Ipv6HasAllThatIpv4Has) {
  const Ended ended = run_to("start: 'closewait-server --service http --listen [::1]:0'", kAll);
  expect_seen_pass(ended, kAllOfThem);
  EXPECT_EQ(ended.result["clients"].size(), 6U);
}

// Every connection is seen to its end, whichever port it went to.
TEST_F(Families, AServerIsReachedAndWatchedAtAllItsAddresses) {
  const Program server({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0",
                        "--listen", "127.0.0.2:0"},
                       folder());
  std::vector<std::string> addresses;
  ASSERT_TRUE(eventually([&] {
    addresses.clear();
    std::istringstream lines(server.output());
    for (std::string line; std::getline(lines, line);) {
      addresses.push_back(line.substr(line.find("127."), line.find(" (") - line.find("127.")));
    }
    return addresses.size() == 2;
  }));
  const Ended ended =
      run_to(fmt::format("address: ['{}', '{}']", addresses[0], addresses[1]), kAll);
  expect_seen_pass(ended, kAllOfThem);
  EXPECT_EQ(ended.result["target"]["address"], addresses[0] + ", " + addresses[1]);
  for (const json& rest : ended.result["rests"]) {
    EXPECT_EQ(rest["feed_available"], true);
    EXPECT_EQ(rest["sockets_by_state"]["LISTEN"], 2);
  }
}

TEST_F(Families, AStartedUnixSocketIsWaitedForAndSeen) {
  expect_seen_pass(
      run_to(fmt::format("start: closewait-server --service http --listen {0}, address: "
                         "'{0}'",
                         socket_file()),
             kClosing),
      kClosingOnes);
}

TEST_F(Families, AnOlderServerAtTheUnixSocketIsNotTakenForTheStartedOne) {
  const Program older({"closewait-server", "--service", "http", "--listen", socket_file()},
                      folder());
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder() / "s.sock"); }));
  const Ended ended = run_to(fmt::format("start: closewait-server --service http --listen {0}, "
                                         "address: '{0}'",
                                         socket_file()),
                             kClosing);
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.errors, HasSubstr("before it listened"));
  EXPECT_THAT(ended.errors, HasSubstr("already in use"));
}

TEST_F(Families, TheProcessBehindAUnixSocketIsFound) {
  const Program server({"closewait-server", "--service", "echo", "--listen", socket_file()},
                       folder());
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder() / "s.sock"); }));
  const Ended ended = run_to(fmt::format("address: '{}', dialect: echo", socket_file()), kClosing);
  expect_seen_pass(ended, kClosingOnes);
  EXPECT_EQ(target_pid(), server.pid());
}

TEST_F(Families, NobodyBehindAUnixSocketIsSaid) {
  const Ended ended = run_to(fmt::format("address: '{}'", socket_file()), "polite: 1");
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.errors, HasSubstr("nothing listens at " + socket_file()));
}

}  // namespace
}  // namespace closewait
