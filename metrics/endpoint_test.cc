#include "metrics/endpoint.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "metrics/scrape_for_tests.h"

namespace closewait {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Nanoseconds kLongEnough = std::chrono::seconds(20);

SocketAddress any_port(const std::string& ip = "127.0.0.1") {
  return *SocketAddress::parse_ip(ip, 0);
}

MetricFamilies one() { return {gauge("a", "", 1)}; }
// More text than the kernel takes at once.
MetricFamilies many() { return {gauge("a", std::string(16 << 20, 'x'), 1), gauge("last", "", 2)}; }
HealthState fine() { return {.ready = true, .text = "fine"}; }

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

int open_descriptors() {
  int open = 0;
  for (int fd = 0; fd < 1000; ++fd) open += ::fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return open;
}

template <class Condition>
bool eventually(Condition condition) {
  const Instant deadline = Clock::now() + kLongEnough;
  while (!condition() && Clock::now() < deadline) std::this_thread::yield();
  return condition();
}

bool connects(const SocketAddress& address) {
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.data(), address.size()) == 0;
}

TEST(MetricsEndpoint, ServesWhatTheFunctionGivesNow) {
  double value = 7;
  const MetricsEndpoint endpoint(any_port(), [&] { return MetricFamilies{gauge("a", "", value)}; });
  ASSERT_NE(endpoint.address().port(), 0);
  EXPECT_EQ(endpoint.url(), "http://" + endpoint.address().to_string() + "/metrics");
  EXPECT_EQ(value_of(scrape(endpoint.address()), "a"), 7);
  EXPECT_TRUE(eventually([&] { return endpoint.scrapes() == 1; }));
  value = 8;
  const std::string text = scrape(endpoint.address());
  EXPECT_EQ(value_of(text, "a"), 8);
  EXPECT_TRUE(eventually([&] { return endpoint.scrapes() == 2; }));
}

TEST(MetricsEndpoint, ServesNothingElse) {
  const MetricsEndpoint endpoint(any_port(), one);
  for (const char* path : {"/", "/etc/passwd", "/metrics/../etc/passwd", "/metrics/", "/metrics/a",
                           "/metricsa", "/health"}) {
    EXPECT_THAT(answer_of(endpoint.address(), path), StartsWith("HTTP/1.1 404 ")) << path;
  }
  EXPECT_EQ(endpoint.scrapes(), 0U);
}

TEST(MetricsEndpoint, SaysWhatItsTextIsAndHowLong) {
  const MetricsEndpoint endpoint(any_port(), one);
  const std::string answer = answer_of(endpoint.address(), "/metrics?name=a");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  const std::string size = std::to_string(body_of(answer).size());
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: " + size + "\r\n"));
}

TEST(MetricsEndpoint, AHeadIsNoScrape) {
  std::atomic<int> calls{0};
  const MetricsEndpoint endpoint(any_port(), [&] {
    ++calls;
    return one();
  });
  const std::string answer = answer_of(endpoint.address(), "/metrics", "HEAD");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("version=0.0.4"));
  EXPECT_EQ(body_of(answer), "");
  EXPECT_EQ(value_of(scrape(endpoint.address()), "a"), 1);
  EXPECT_TRUE(eventually([&] { return endpoint.scrapes() == 1; }));
  EXPECT_EQ(calls, 1);
}

TEST(MetricsEndpoint, TellsWhatElseThanGetAndHeadIsNotAllowed) {
  const MetricsEndpoint endpoint(any_port(), one, fine);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"}) {
    for (const char* path : {"/metrics", "/health"}) {
      const std::string answer = answer_of(endpoint.address(), path, method);
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method << path;
      EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD\r\n")) << method << path;
    }
    EXPECT_THAT(answer_of(endpoint.address(), "/", method), StartsWith("HTTP/1.1 404 ")) << method;
  }
  EXPECT_EQ(endpoint.scrapes(), 0U);
}

TEST(MetricsEndpoint, TellsWhetherTheProgramIsReady) {
  HealthState state{.ready = true, .text = "ready"};
  const MetricsEndpoint endpoint(any_port(), one, [&] { return state; });
  const auto health = [&](const char* method) {
    return answer_of(endpoint.address(), "/health", method);
  };
  EXPECT_THAT(health("GET"), AllOf(StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain"),
                                   EndsWith("\r\nContent-Length: 6\r\n\r\nready\n")));
  state = {.ready = false, .text = "draining"};
  EXPECT_THAT(health("GET"), AllOf(StartsWith("HTTP/1.1 503 Service Unavailable\r\n"),
                                   EndsWith("\r\n\r\ndraining\n")));
  EXPECT_THAT(health("HEAD"),
              AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\r\nContent-Length: 9\r\n\r\n")));
  EXPECT_EQ(value_of(scrape(endpoint.address()), "a"), 1);
  EXPECT_TRUE(eventually([&] { return endpoint.scrapes() == 1; })) << "health is no scrape";
}

TEST(MetricsEndpoint, TellsHealthWhileAScrapeTakesLong) {
  std::promise<void> asked;
  std::promise<void> go_on;
  const MetricsEndpoint endpoint(
      any_port(),
      [&] {
        asked.set_value();
        go_on.get_future().wait();
        return one();
      },
      fine);
  auto text = std::async(std::launch::async, scrape, endpoint.address());
  asked.get_future().wait();
  EXPECT_THAT(answer_of(endpoint.address(), "/health"), EndsWith("\r\n\r\nfine\n"));
  go_on.set_value();
  EXPECT_EQ(value_of(text.get(), "a"), 1);
}

TEST(MetricsEndpoint, ListensOnItsOwnAddressOnly) {
  const MetricsEndpoint endpoint(any_port("127.0.0.1"), one);
  EXPECT_TRUE(connects(endpoint.address()));
  const std::uint16_t port = endpoint.address().port();
  EXPECT_FALSE(connects(*SocketAddress::parse_ip("127.0.0.2", port)));
  EXPECT_FALSE(connects(*SocketAddress::parse_ip("::1", port)));
}

// Debian's civetweb has no IPv6, others' may.
TEST(MetricsEndpoint, ServesAnIpv6AddressOrSaysWhyNot) {
  try {
    const MetricsEndpoint endpoint(any_port("::1"), one);
    EXPECT_EQ(value_of(scrape(endpoint.address()), "a"), 1);
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), StartsWith("cannot serve metrics at [::1]:0: "));
    EXPECT_THAT(error.what(), HasSubstr("built without IPv6; give an IPv4 address"));
  }
}

TEST(MetricsEndpoint, ServesAProcessWithThousandsOfDescriptors) {
  const MetricsEndpoint endpoint(any_port(), one);
  std::vector<UniqueFd> many;
  for (int i = 0; i < 3000; ++i) many.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_GT(many.back().get(), 3000);
  EXPECT_EQ(value_of(scrape(endpoint.address()), "a"), 1);
}

TEST(MetricsEndpoint, EndsWithoutDelay) {
  Nanoseconds longest{0};
  for (int i = 0; i < 5; ++i) {
    std::optional<MetricsEndpoint> endpoint(std::in_place, any_port(), one);
    EXPECT_EQ(value_of(scrape(endpoint->address()), "a"), 1);
    const Instant start = Clock::now();
    endpoint.reset();
    longest = std::max<Nanoseconds>(longest, Clock::now() - start);
  }
  EXPECT_LT(longest, std::chrono::seconds(1)) << "left to itself, civetweb takes two";
}

TEST(MetricsEndpoint, SaysWhichAddressIsTaken) {
  const MetricsEndpoint first(any_port(), one);
  try {
    const MetricsEndpoint second(first.address(), one);
    ADD_FAILURE() << "two endpoints at one address";
  } catch (const SetupError& error) {
    EXPECT_EQ(std::string(error.what()), "cannot serve metrics at " + first.address().to_string() +
                                             ": Address already in use (EADDRINUSE)");
  }
  EXPECT_THROW(MetricsEndpoint(*SocketAddress::parse("192.0.2.1:0"), one), SetupError);
}

TEST(MetricsEndpoint, TheAddressIsFreeAgainAtOnce) {
  SocketAddress address = any_port();
  for (int i = 0; i < 3; ++i) {
    const MetricsEndpoint endpoint(address, one);
    address = endpoint.address();
    EXPECT_EQ(value_of(scrape(address), "a"), 1);
  }
}

// The peer is slow to read.
TEST(MetricsEndpoint, LetsAScrapeThatIsUnderWayBeWrittenToItsEnd) {
  std::promise<void> asked;
  std::promise<void> go_on;
  std::optional<MetricsEndpoint> endpoint(std::in_place, any_port(), [&] {
    asked.set_value();
    go_on.get_future().wait();
    return many();
  });
  auto text = std::async(std::launch::async, scrape, endpoint->address());
  asked.get_future().wait();
  EXPECT_EQ(endpoint->scrapes(), 0U);
  go_on.set_value();
  endpoint.reset();
  EXPECT_EQ(series(text.get()).count("last"), 1U);
}

// Once its descriptor is gone, nothing more is counted for the peer.
TEST(MetricsEndpoint, DoesNotCountAScrapeThatItsPeerLeft) {
  std::promise<void> asked;
  std::promise<void> go_on;
  const MetricsEndpoint endpoint(any_port(), [&] {
    asked.set_value();
    go_on.get_future().wait();
    return many();
  });
  const int before = open_descriptors();
  {
    const UniqueFd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(peer.get(), endpoint.address().data(), endpoint.address().size()), 0);
    constexpr std::string_view kRequest = "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n";
    ASSERT_GT(::send(peer.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL), 0);
    asked.get_future().wait();
  }
  go_on.set_value();
  EXPECT_TRUE(eventually([&] { return open_descriptors() == before; }));
  EXPECT_EQ(endpoint.scrapes(), 0U);
}

TEST(MetricsEndpoint, CallsTheFunctionOneScrapeAtATime) {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const MetricsEndpoint endpoint(any_port(), [&] {
    const int now = ++inside;
    if (now > most) most = now;
    std::this_thread::yield();
    --inside;
    return one();
  });
  std::vector<std::jthread> scrapers;
  for (int i = 0; i < 4; ++i) {
    scrapers.emplace_back([&] {
      for (int j = 0; j < 10; ++j) EXPECT_EQ(value_of(scrape(endpoint.address()), "a"), 1);
    });
  }
  scrapers.clear();
  EXPECT_EQ(most, 1);
  EXPECT_TRUE(eventually([&] { return endpoint.scrapes() == 40; }));
}

TEST(MetricsAddress, IsAHostAndAPort) {
  EXPECT_EQ(parse_metrics_address("127.0.0.1:9464").to_string(), "127.0.0.1:9464");
  for (const char* bad : {"", "9464", "localhost:9464", "unix:/run/metrics.sock"}) {
    try {
      (void)parse_metrics_address(bad);
      ADD_FAILURE() << bad;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr(std::string("--metrics ") + bad), HasSubstr("127.0.0.1:9464")));
    }
  }
}

}  // namespace
}  // namespace closewait
