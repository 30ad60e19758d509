#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "metrics/scrape_for_tests.h"
#include "server/tests/peer_for_tests.h"
#include "server/tests/program_for_tests.h"

namespace closewait {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kRequest = "GET /bytes/1000 HTTP/1.1\r\nHost: a\r\n\r\n";

std::vector<std::string> arguments_for(std::string_view service,
                                       const std::vector<std::string>& more) {
  std::vector<std::string> all = {"--listen",  "127.0.0.1:0", "--service", std::string(service),
                                  "--workers", "2",           "--metrics", "127.0.0.1:0"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// The real server with two workers, which get in each other's way where one would not.
struct Overloaded {
  explicit Overloaded(std::string_view service = "http", const std::vector<std::string>& more = {})
      : program(arguments_for(service, more)) {}

  [[nodiscard]] double now(const std::string& series_name) const {
    return value_of(scrape(metrics), "closewait_server_" + series_name);
  }
  [[nodiscard]] bool becomes(const std::string& series_name, double value) const {
    return eventually([&] { return now(series_name) == value; });
  }
  // From now on it can have `more` descriptors besides those it has.
  void limit_descriptors(rlim_t more) {
    std::set<rlim_t> taken;
    for (const auto& entry :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", program.pid()))) {
      taken.insert(std::stoul(entry.path().filename().string()));
    }
    rlim_t lowest = 0;
    while (taken.contains(lowest)) ++lowest;
    ASSERT_EQ(::prlimit(program.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
    const rlimit few{.rlim_cur = lowest + more, .rlim_max = before.rlim_max};
    ASSERT_EQ(::prlimit(program.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  }
  void lift_limit() const {
    ASSERT_EQ(::prlimit(program.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  }
  // Asks once; the peer stays when it was served.
  static bool served(Peer& peer) {
    (void)peer.send(kRequest);  // fails when it was turned away already
    return !peer.receive(1).empty();
  }

  Program program;
  SocketAddress address = program.address();
  SocketAddress metrics = program.metrics_address();
  rlimit before{};
};

// CPU time of a process so far, in clock ticks.
long cpu_ticks(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string word;
  for (int i = 0; i < 13; ++i) file >> word;
  long user = 0;
  long system = 0;
  file >> user >> system;
  return user + system;
}

TEST(Overload, WithoutDescriptorsNobodyWaitsWhoeverOfTheWorkersIsAsked) {
  Overloaded server;
  server.limit_descriptors(3);
  std::atomic<int> served{0};
  std::atomic<int> turned_away{0};
  std::atomic<int> waited{0};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        std::vector<Peer> kept;
        for (int j = 0; j < 100; ++j) {
          Peer peer(server.address);
          if (Overloaded::served(peer)) {
            ++served;
            kept.push_back(std::move(peer));
          } else {
            ++(peer.error() == EAGAIN ? waited : turned_away);
          }
        }
        while (served + turned_away + waited < 400) std::this_thread::yield();
      });
    }
  }
  EXPECT_EQ(waited, 0);
  EXPECT_GE(turned_away, 390);
  EXPECT_EQ(server.now("turned_away_total"), turned_away);
  EXPECT_EQ(server.now("accepted_total"), served);
  EXPECT_GT(server.now("accept_errors_total{errno=\"EMFILE\"}"), 0);
  EXPECT_EQ(server.now("accept_errors_total{errno=\"other\"}"), 0);
}

TEST(Overload, WithoutDescriptorsItNeitherSpinsNorFailsToBeScraped) {
  Overloaded server;
  server.limit_descriptors(3);
  std::vector<Peer> kept;
  for (int i = 0; i < 20; ++i) {
    kept.emplace_back(server.address);
    (void)Overloaded::served(kept.back());
  }
  const double wakeups = server.now("loop_duration_seconds_count");
  const long ticks = cpu_ticks(server.program.pid());
  const Instant start = Clock::now();
  int scrapes = 0;
  while (Clock::now() - start < std::chrono::milliseconds(500)) {
    EXPECT_THAT(scrape(server.metrics), HasSubstr("process_open_fds"));
    Peer late(server.address);
    EXPECT_FALSE(Overloaded::served(late));
    ++scrapes;
    ::poll(nullptr, 0, 50);
  }
  // Ten times a second it looks whether descriptors are back, and once for each late peer.
  EXPECT_LT(server.now("loop_duration_seconds_count") - wakeups, 40 + 4 * scrapes);
  EXPECT_LT(cpu_ticks(server.program.pid()) - ticks, 25) << "it spins";
}

TEST(Overload, WhenDescriptorsAreBackEveryWorkerServesAgain) {
  Overloaded server;
  server.limit_descriptors(3);
  for (int i = 0; i < 50; ++i) {
    std::vector<Peer> peers;
    for (int j = 0; j < 10; ++j) peers.emplace_back(server.address);
  }
  EXPECT_GT(server.now("turned_away_total"), 0);
  server.lift_limit();
  EXPECT_TRUE(eventually([&] {
    Peer peer(server.address);
    return Overloaded::served(peer);
  }));
  // 40 peers of the two listeners: the kernel deals them out by their ports.
  for (int i = 0; i < 40; ++i) {
    Peer peer(server.address);
    EXPECT_TRUE(Overloaded::served(peer));
  }
}

TEST(Overload, ConnectionsBeyondTheLimitAreToldSo) {
  Overloaded server("http", {"--max-connections", "3"});
  std::vector<Peer> kept;
  for (int i = 0; i < 3; ++i) {
    kept.emplace_back(server.address);
    ASSERT_TRUE(Overloaded::served(kept.back()));
  }
  for (int i = 0; i < 5; ++i) {
    Peer peer(server.address);
    ASSERT_TRUE(peer.send(kRequest));
    const std::string answer = peer.receive_all();
    EXPECT_EQ(peer.error(), 0);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_THAT(answer, testing::ContainsRegex("\r\nDate: [A-Z][a-z]+, .* GMT\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  }
  EXPECT_TRUE(server.becomes("closed_total{reason=\"refused\"}", 5));
  EXPECT_EQ(server.now("connections_open"), 3);
  kept.pop_back();
  EXPECT_TRUE(server.becomes("connections_open", 2));
  Peer next(server.address);
  EXPECT_EQ(next.send(kRequest) ? next.receive(12) : "", "HTTP/1.1 200");
}

TEST(Overload, RefusedPeersThatStayCostNoMoreThanAFew) {
  Overloaded server("http", {"--max-connections", "1"});
  std::vector<Peer> peers;
  for (int i = 0; i < 200; ++i) peers.emplace_back(server.address);
  EXPECT_TRUE(server.becomes("accepted_total", 200));
  EXPECT_LE(server.now("connections_open"), 33);
}

// One worker, so that it is known who has been idle longest.
struct Evicting {
  explicit Evicting(std::string_view most)
      : program({"--listen", "127.0.0.1:0", "--service", "http", "--metrics", "127.0.0.1:0",
                 "--evict-idle", "--max-connections", std::string(most)}) {}

  [[nodiscard]] double now(const std::string& series_name) const {
    return value_of(scrape(metrics), "closewait_server_" + series_name);
  }

  // A whole exchange; what comes with the request was read with it.
  static void served(Peer& peer, std::string_view more = "") {
    ASSERT_TRUE(peer.send(std::string(kRequest) + std::string(more)));
    ASSERT_THAT(peer.receive_until(pattern_text(1000)), StartsWith("HTTP/1.1 200 "));
  }

  Program program;
  SocketAddress address = program.address();
  SocketAddress metrics = program.metrics_address();
};

TEST(Overload, WhoHasBeenIdleLongestGivesItsPlace) {
  const Evicting server("2");
  Peer longest(server.address);
  Evicting::served(longest);
  Peer busy(server.address);
  Evicting::served(busy, "GET /bytes/1000 HTTP/1.1\r\n");  // in the middle of its second request
  Evicting::served(longest);
  Peer newcomer(server.address);
  EXPECT_EQ(longest.receive(), "");
  EXPECT_EQ(longest.error(), 0) << "a FIN, and no reset";
  Evicting::served(newcomer);
  ASSERT_TRUE(busy.send("Host: a\r\n\r\n"));
  EXPECT_EQ(busy.receive(12), "HTTP/1.1 200");
  EXPECT_EQ(server.now("closed_total{reason=\"evicted\"}"), 1);
}

TEST(Overload, WhereNobodyIsIdleNobodyIsEvicted) {
  const Evicting server("1");
  Peer busy(server.address);
  Evicting::served(busy, "GET /bytes/1000 HTTP/1.1\r\n");
  Peer refused(server.address);
  ASSERT_TRUE(refused.send(kRequest));
  EXPECT_THAT(refused.receive_all(), StartsWith("HTTP/1.1 503 "));
  ASSERT_TRUE(busy.send("Host: a\r\n\r\n"));
  EXPECT_EQ(busy.receive(12), "HTTP/1.1 200");
}

// One batch has the newcomer's event and behind it the one of who gives its place for it.
TEST(Overload, TheEventOfWhoWasEvictedInItsBatchIsStale) {
  const Evicting server("1");
  Peer idle(server.address);
  ASSERT_TRUE(Overloaded::served(idle));
  server.program.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return server.program.stands_still(); }));
  Peer newcomer(server.address);
  idle.reset();
  server.program.signal(SIGCONT);
  EXPECT_TRUE(Overloaded::served(newcomer));
  EXPECT_EQ(server.now("stale_events_total"), 1);
  EXPECT_EQ(server.now("closed_total{reason=\"evicted\"}"), 1);
  EXPECT_EQ(server.now("closed_total{reason=\"reset\"}"), 0);
}

TEST(Overload, WhereThereAreNoWordsForItTheyAreClosed) {
  Overloaded server("echo", {"--max-connections", "1"});
  Peer kept(server.address);
  ASSERT_TRUE(kept.send("x"));
  ASSERT_EQ(kept.receive(), "x");
  Peer refused(server.address);
  EXPECT_EQ(refused.receive(), "");
  EXPECT_TRUE(server.becomes("closed_total{reason=\"refused\"}", 1));
}

}  // namespace
}  // namespace closewait
