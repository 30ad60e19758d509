#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <ostream>

#include "metrics/scrape_for_tests.h"
#include "server/counting/counters.h"
#include "server/tests/command_for_tests.h"
#include "server/tests/peer_for_tests.h"
#include "server/tests/program_for_tests.h"

namespace closewait {
namespace {

using testing::Each;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

constexpr int kConnections = 200;

// What slowhttptest does with each of its connections, and why the server closes it.
struct Mode {
  std::string_view name;
  std::string_view flags;
  std::string_view path;
  std::string_view reason;  // "" when it is served as anybody else
  std::uint64_t sent = 0;   // at least, to all of them together
};

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.flags; }

constexpr Mode kModes[] = {
    // Slowloris: a head that never ends, though a field of it comes each second.
    {"SlowHead", "-H", "/health", "slow_head"},
    // "R-U-Dead-Yet": a body of which some bytes come each second.
    {"SlowBody", "-B", "/count", "slow_body"},
    // "Apache killer": 2000 ranges at once of one resource. There are no ranges here, which makes
    // it a large head and one answer with the whole (RFC 9110, 14.2).
    {"Ranges", "-R -t GET", "/bytes/100000", "", kConnections * 100'000},
    // A receive buffer as small as can be, of which 1000 bytes are read each second: less than
    // makes room for the server to write. More is asked for than the kernel holds for it.
    {"SlowRead", "-X -w 512 -y 1024 -n 1 -z 1000", "/bytes/20000000", "slow_read"},
};

class SlowHttpTest : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    const std::string obstacle = obstacle_to("slowhttptest", "slowhttptest");
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // It ends as soon as all its connections were closed, at the latest after -l seconds.
  [[nodiscard]] std::string attack() const {
    return fmt::format(
        "timeout 60 slowhttptest {} -u http://{}{} -c {} -r 100 -i 1 -p 2 -l 40 "
        "-g -o {}/report",
        GetParam().flags, address_.to_string(), GetParam().path, kConnections, directory_);
  }
  // What it wrote down each second: closed, pending, connected, and whether another was answered.
  [[nodiscard]] std::vector<std::string> seconds() const {
    std::ifstream report(directory_ + "/report.csv");
    std::vector<std::string> rows;
    for (std::string row; std::getline(report, row);) rows.push_back(row);
    return rows;
  }

  // Comes anew, as anybody would.
  [[nodiscard]] bool serves() const {
    Peer polite(address_);
    if (!polite.send("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) return false;
    const std::string answer = polite.receive_all();
    return answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n");
  }
  [[nodiscard]] double open_connections() const {
    return value_of(scrape(metrics_), "closewait_server_connections_open");
  }

  Program program_{std::vector<std::string>{
      "--listen", "127.0.0.1:0", "--service", "http", "--metrics", "127.0.0.1:0", "--head-timeout",
      "2s", "--body-timeout", "2s", "--write-timeout", "2s", "--linger-timeout", "20s"}};
  SocketAddress address_ = program_.address();
  SocketAddress metrics_ = program_.metrics_address();
  std::string directory_ = testing::TempDir() + fmt::format("slowhttptest-{}", ::getpid());
};

// What the server's last line says: each of the slow was closed for the one reason, nobody else.
void expect_closed_for(std::string_view reason, const std::string& totals) {
  const auto closed = [&](std::string_view why) {
    return counted(totals, fmt::format("closed_{}", why));
  };
  const std::uint64_t by_themselves = closed("peer_closed") + closed("reset");
  const std::uint64_t slow = reason.empty() ? 0 : closed(reason);
  EXPECT_EQ(slow, reason.empty() ? 0U : kConnections) << totals;
  EXPECT_EQ(by_themselves + slow, counted(totals, "accepted")) << totals;
}

TEST_P(SlowHttpTest, LosesAndEverybodyElseIsServed) {
  auto attacking = std::async(std::launch::async, outcome_of, attack());
  int served = 0;
  do {
    ASSERT_TRUE(serves()) << "after " << served << " that were served";
    ++served;
  } while (attacking.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready);
  const Outcome outcome = attacking.get();
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("No open connections left")) << "it had to give up itself";

  std::vector<std::string> rows = seconds();
  ASSERT_THAT(rows, SizeIs(testing::Gt(1)));
  EXPECT_THAT(rows.front(), EndsWith(",Service Available"));
  rows.erase(rows.begin());
  EXPECT_THAT(rows, Each(EndsWith(fmt::format(",{}", kConnections))));

  EXPECT_TRUE(eventually([&] { return open_connections() == 0; }));
  program_.signal(SIGTERM);
  EXPECT_EQ(program_.wait(), 0);
  const std::string totals = program_.errors();
  EXPECT_GE(counted(totals, "accepted"), static_cast<std::uint64_t>(kConnections + served));
  EXPECT_GE(counted(totals, "sent_bytes"), GetParam().sent);
  expect_closed_for(GetParam().reason, totals);
}

INSTANTIATE_TEST_SUITE_P(Modes, SlowHttpTest, testing::ValuesIn(kModes),
                         [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace closewait
