// What Prometheus gets from the rig: while it runs, and at its end.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/unique_fd.h"
#include "metrics/documented_for_tests.h"
#include "metrics/scrape_for_tests.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using testing::Program;
using testing::short_soak;

class LiveMetrics : public testing::RigRun {
 protected:
  static Arguments leaking_soak() {
    Arguments arguments = short_soak();
    for (const char* each :
         {"--set", "target.start=closewait-specimen fd-leak-on-reset --listen 127.0.0.1:0",
          "--metrics", "127.0.0.1:0"}) {
      arguments.emplace_back(each);
    }
    return arguments;
  }
  // Where the rig says that its metrics are.
  static SocketAddress metrics_of(const Program& rig) {
    constexpr std::string_view kBefore = "metrics at http://";
    std::string text;
    EXPECT_TRUE(eventually([&] {
      text = rig.errors();
      return text.find("/metrics\n") != std::string::npos;
    })) << text;
    const auto begin = text.find(kBefore) + kBefore.size();
    const auto address = SocketAddress::parse(text.substr(begin, text.find('/', begin) - begin));
    EXPECT_TRUE(address) << text;
    return address ? *address : SocketAddress();
  }
};

// The same name, type and labels in the page and in the scrape; nothing in only one of them.
void expect_documented(const std::string& text) {
  MetricShapes expected = documented("The rig");
  expected.merge(documented("Both programs"));
  for (auto& [name, shape] : expected) shape.labels.insert("run");
  EXPECT_EQ(exported(text), expected);
}

TEST_F(LiveMetrics, TellTheRunAndStayUntilItsEndWasScrapedTwice) {
  const auto rig = start_run(leaking_soak());
  const SocketAddress address = metrics_of(*rig);
  std::string text;
  const std::string polite =
      "closewait_clients_ended_total{run=\"out\",behaviour=\"polite\",outcome=\"delivered\"}";
  ASSERT_TRUE(eventually([&] {
    text = scrape(address);
    const auto now = series(text);
    return now.contains(polite) && now.at(polite) > 0;
  })) << text;
  EXPECT_EQ(value_of(text, "closewait_run_finished{run=\"out\"}"), 0);
  EXPECT_EQ(value_of(text, "closewait_target_up{run=\"out\"}"), 1);
  EXPECT_EQ(value_of(text, "closewait_target_sockets{run=\"out\",state=\"LISTEN\"}"), 1);

  ASSERT_TRUE(eventually([&] {
    text = scrape(address);
    return value_of(text, "closewait_run_finished{run=\"out\"}") == 1;
  }));
  expect_documented(text);
  EXPECT_FALSE(rig->wait(std::chrono::seconds(1))) << "one scrape of the end is not two";
  text = scrape(address);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 1) << ended.errors;
  EXPECT_EQ(value_of(text, polite), ended.result["clients"]["polite"]["delivered"]);
  EXPECT_EQ(value_of(text, "closewait_verdict{run=\"out\",verdict=\"fail\"}"), 1);
  EXPECT_EQ(value_of(text, "closewait_findings{run=\"out\",kind=\"fd-leak\"}"), 2);
  EXPECT_EQ(value_of(text,
                     "closewait_leaked_connections{run=\"out\",behaviour="
                     "\"rst-after-connect\"}"),
            ended.result["clients"]["rst-after-connect"]["opened"]);
}

// The second rest of a leak makes it a finding; the run goes on, and when it is interrupted its end
// is not lost either.
TEST_F(LiveMetrics, AFindingIsToldWhileTheRunGoesOnAndTheEndOfAnInterruptedOne) {
  Arguments arguments = leaking_soak();
  arguments.insert(arguments.end(), {"--set", "repeat=20"});
  const auto rig = start_run(arguments);
  const SocketAddress address = metrics_of(*rig);
  const std::string leaks = "closewait_findings{run=\"out\",kind=\"fd-leak\"}";
  std::string text;
  ASSERT_TRUE(eventually([&] {
    text = scrape(address);
    const auto now = series(text);
    return now.contains(leaks) && now.at(leaks) == 2;
  })) << text;
  EXPECT_EQ(value_of(text, "closewait_run_finished{run=\"out\"}"), 0);
  EXPECT_EQ(value_of(text, "closewait_verdict{run=\"out\",verdict=\"fail\"}"), 1);
  rig->signal(SIGINT);
  ASSERT_TRUE(eventually(
      [&] { return value_of(scrape(address), "closewait_run_finished{run=\"out\"}") == 1; }));
  EXPECT_FALSE(rig->wait(std::chrono::seconds(1))) << "one scrape of the end is not two";
  EXPECT_EQ(value_of(scrape(address), "closewait_verdict{run=\"out\",verdict=\"fail\"}"), 1);
  EXPECT_EQ(finish(*rig).status, 1);
}

TEST_F(LiveMetrics, ASecondInterruptEndsTheWaitForAScrape) {
  Arguments arguments = leaking_soak();
  arguments.insert(arguments.end(), {"--metrics-linger", "1h"});
  const auto rig = start_run(arguments);
  ASSERT_FALSE(scrape(metrics_of(*rig)).empty());
  rig->signal(SIGINT);
  ASSERT_TRUE(eventually(
      [&] { return rig->errors().find("interrupt again to end") != std::string::npos; }));
  rig->signal(SIGINT);
  EXPECT_EQ(rig->wait(std::chrono::seconds(5)), 3) << rig->errors();
}

// Browsers connect ahead of need; Prometheus must not wait for them.
TEST_F(LiveMetrics, WhoConnectsAndAsksForNothingHoldsNoScrapeUp) {
  Arguments arguments = leaking_soak();
  arguments.insert(arguments.end(), {"--set", "repeat=20"});
  const auto rig = start_run(arguments);
  const SocketAddress address = metrics_of(*rig);
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 8; ++i) {
    silent.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(silent.back().get(), address.data(), address.size()), 0);
  }
  EXPECT_FALSE(scrape(address).empty());
}

TEST_F(LiveMetrics, WhoNeverScrapesIsNotWaitedForForever) {
  Arguments arguments = short_soak();
  arguments.insert(arguments.end(),
                   {"--metrics", "127.0.0.1:0", "--metrics-linger", "1ms", "--set", "repeat=1"});
  const auto rig = start_run(arguments);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.errors, HasSubstr("the end of the run was not scraped twice"));
}

TEST_F(LiveMetrics, AnAddressThatIsTakenIsTold) {
  const auto taken = SocketAddress::parse_ip("127.0.0.1", 0);
  const UniqueFd holder(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(holder.get(), taken->data(), taken->size()), 0);
  ASSERT_EQ(::listen(holder.get(), 1), 0);
  const std::string address = SocketAddress::local_of(holder.get())->to_string();
  Arguments arguments = short_soak();
  arguments.insert(arguments.end(), {"--metrics", address});
  const auto rig = start_run(arguments);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.errors, HasSubstr(address));
  EXPECT_THAT(ended.errors, HasSubstr("ddress already in use"));
  EXPECT_TRUE(ended.result.is_null());
}

TEST_F(LiveMetrics, AnAddressWithoutAPortIsBadInput) {
  const Ended ended = closewait({"run", testing::shipped("smoke"), "--metrics", "localhost"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("--metrics"));
}

}  // namespace
}  // namespace closewait
