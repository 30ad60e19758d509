#include "server/counting/metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include <cerrno>
#include <map>
#include <thread>
#include <vector>

#include "metrics/documented_for_tests.h"
#include "metrics/endpoint.h"
#include "metrics/scrape_for_tests.h"
#include "server/tests/peer_for_tests.h"
#include "server/tests/program_for_tests.h"
#include "server/tests/running_for_tests.h"

namespace closewait {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kWithMetrics = {
    "--listen",    "127.0.0.1:0",     "--service", "http",      "--metrics",
    "127.0.0.1:0", "--drain-timeout", "1m",        "--workers", "2"};

// The real server, what it serves and where it tells of it.
struct ServerMetrics : testing::Test {
  // The value of one series now, without the names' beginning.
  [[nodiscard]] double now(const std::string& series_name) const {
    return value_of(scrape(metrics), "closewait_server_" + series_name);
  }
  [[nodiscard]] bool becomes(const std::string& series_name, double value) const {
    return eventually([&] { return now(series_name) == value; });
  }

  Program program{kWithMetrics};
  SocketAddress address = program.address();
  SocketAddress metrics = program.metrics_address();
};

constexpr std::string_view kRequest = "GET /bytes/1000 HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(ServerMetrics, AreThoseDocumented) {
  MetricShapes promised = documented("The server");
  promised.merge(documented("Both programs"));
  EXPECT_EQ(exported(scrape(metrics)), promised);
}

TEST_F(ServerMetrics, BeginAtZeroWithEveryLabelValue) {
  const auto all = series(scrape(metrics));
  std::map<std::string, double> zeros;
  for (const auto& [name, value] : all) {
    const bool runs = name.find("_info") != std::string::npos ||
                      name.starts_with("closewait_server_loop_duration_seconds");
    if (name.starts_with("closewait_server_") && !runs) zeros[name] = value;
  }
  for (const auto& [name, value] : zeros) EXPECT_EQ(value, 0) << name;
  EXPECT_EQ(zeros.size(), 7 + kCloseReasonNames.size() + kAcceptErrorNames.size());
  EXPECT_EQ(now(fmt::format("info{{version=\"{}\",service=\"http\"}}", CLOSEWAIT_VERSION)), 1);
}

TEST_F(ServerMetrics, CountBytesAsTheClientSentAndGotThem) {
  std::uint64_t sent = 0;
  std::uint64_t got = 0;
  for (int i = 0; i < 5; ++i) {
    Peer peer(address);
    for (int j = 0; j < 3; ++j) {
      ASSERT_TRUE(peer.send(kRequest));
      sent += kRequest.size();
    }
    peer.shut_down_sending();
    got += peer.receive_all().size();
  }
  // What follows a last answer is read and dropped, and counted too.
  Peer refused(address);
  const std::string bad = "hello\r\n\r\n" + std::string(100'000, 'x');
  ASSERT_TRUE(refused.send(bad));
  refused.shut_down_sending();
  got += refused.receive_all().size();
  sent += bad.size();
  EXPECT_TRUE(becomes("received_bytes_total", static_cast<double>(sent)));
  EXPECT_EQ(now("sent_bytes_total"), static_cast<double>(got));
  EXPECT_GT(got, 15'000U);
}

TEST_F(ServerMetrics, CountConnectionsByHowTheyEnded) {
  std::vector<Peer> open;
  for (int i = 0; i < 4; ++i) open.emplace_back(address);
  for (int i = 0; i < 3; ++i) {
    Peer peer(address);
    ASSERT_TRUE(peer.send("GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_EQ(peer.receive(1), "H");
    peer.reset();
  }
  for (int i = 0; i < 2; ++i) {
    Peer peer(address);
    ASSERT_TRUE(peer.send(kRequest));
    peer.shut_down_sending();
    ASSERT_NE(peer.receive_all(), "");
  }
  EXPECT_TRUE(becomes("closed_total{reason=\"reset\"}", 3));
  EXPECT_TRUE(becomes("closed_total{reason=\"peer_closed\"}", 2));
  EXPECT_TRUE(becomes("connections_open", 4));
  EXPECT_EQ(now("accepted_total"), 9);
  open.clear();
  EXPECT_TRUE(becomes("closed_total{reason=\"peer_closed\"}", 6));
  EXPECT_EQ(now("connections_open"), 0);
  EXPECT_EQ(now("turned_away_total"), 0);
}

TEST_F(ServerMetrics, GoOnWhileTheServerDrains) {
  Peer peer(address, 16 * 1024);
  ASSERT_TRUE(peer.send("GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_EQ(peer.receive(1), "H");
  program.signal(SIGTERM);
  ASSERT_TRUE(eventually([&] {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.data(), address.size()) != 0;
  })) << "it still listens";
  EXPECT_TRUE(becomes("connections_open", 1));
  peer.reset();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(), HasSubstr(" closed_reset=1 "));
}

TEST_F(ServerMetrics, AnAddressInUseIsSaidBeforeAnythingIsServed) {
  Program second(
      {"--listen", "127.0.0.1:0", "--service", "http", "--metrics", metrics.to_string()});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_EQ(second.errors(), "closewait-server: cannot serve metrics at " + metrics.to_string() +
                                 ": Address already in use (EADDRINUSE)\n");
  EXPECT_EQ(second.line(), "");
}

// In this process, so that ThreadSanitizer sees workers count what a scrape reads.
TEST(ServerFamilies, AddUpAtAnyInstant) {
  const Running running(options_for("echo", 2));
  const MetricsEndpoint endpoint(*SocketAddress::parse("127.0.0.1:0"), [&] {
    return server_families(running.totals(), *find_service("echo"));
  });
  constexpr int kPeers = 400;
  std::jthread load([&] {
    for (int i = 0; i < kPeers; ++i) Peer(running.address()).reset();
  });
  const auto all_gone = [&] {
    const auto now = series(scrape(endpoint.address()));
    const double open = now.at("closewait_server_connections_open");
    EXPECT_GE(open, 0);
    EXPECT_LE(open, kPeers);
    return now.at("closewait_server_accepted_total") == kPeers && open == 0;
  };
  EXPECT_TRUE(eventually(all_gone));
}

TEST(ServerFamilies, EachFigureGoesToItsOwnMetric) {
  Totals totals{.accepted = 1000, .turned_away = 2, .received_bytes = 3, .sent_bytes = 4};
  totals.stale_events = 5;
  totals.buffered_bytes = 6;
  totals.batches.record(std::chrono::seconds(7));
  for (std::size_t i = 0; i < totals.closed.size(); ++i) totals.closed[i] = 10 + i;
  for (std::size_t i = 0; i < totals.accept_errors.size(); ++i) totals.accept_errors[i] = 20 + i;
  const std::string text =
      prometheus::TextSerializer().Serialize(server_families(totals, *find_service("echo")));
  const auto value = [&](const std::string& name) {
    return value_of(text, "closewait_server_" + name);
  };
  EXPECT_EQ(value("accepted_total"), 1000);
  EXPECT_EQ(value("turned_away_total"), 2);
  EXPECT_EQ(value("received_bytes_total"), 3);
  EXPECT_EQ(value("sent_bytes_total"), 4);
  EXPECT_EQ(value("stale_events_total"), 5);
  EXPECT_EQ(value("closed_total{reason=\"peer_closed\"}"), 10);
  EXPECT_EQ(value("buffered_bytes"), 6);
  EXPECT_EQ(value("loop_duration_seconds_count"), 1);
  EXPECT_EQ(value("loop_duration_seconds_sum"), 7);
  EXPECT_EQ(value("closed_total{reason=\"shutdown\"}"), 23);
  EXPECT_EQ(value("connections_open"), 1000 - (10 + 23) * 14 / 2);
  EXPECT_EQ(value("accept_errors_total{errno=\"EMFILE\"}"), 20);
  EXPECT_EQ(value("accept_errors_total{errno=\"other\"}"), 25);
}

TEST(Counters, KnowTheErrorsOfAcceptByTheirNames) {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO, EPERM}) {
    Counters counters;
    counters.accept_error(error).add();
    for (std::size_t i = 0; i < kAcceptErrorNames.size(); ++i) {
      const bool other = error == EPROTO || error == EPERM;
      const bool expected = kAcceptErrorNames[i] == (other ? "other" : errno_name(error));
      EXPECT_EQ(counters.accept_errors[i].value(), expected ? 1U : 0U) << errno_name(error);
    }
  }
}

}  // namespace
}  // namespace closewait
