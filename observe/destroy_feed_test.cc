#include "observe/destroy_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "observe/sock_diag.h"
#include "observe/test_support.h"

namespace closewait {
namespace {

using testing::accept_from;
using testing::address_of;
using testing::connect_to;
using testing::eventually;
using testing::listen_on;
using testing::port_of;
using testing::receive_end;
using testing::reset_connection;

constexpr auto kSoon = std::chrono::milliseconds(20);
constexpr std::size_t kBuffer = 4U << 20;
constexpr std::size_t kSmallBuffer = 4096;  // a handful of events

// A listener, the feed of its port, and one connection to it.
class DestroyFeedTest : public ::testing::TestWithParam<const char*> {
 protected:
  DestroyFeedTest() { connect(); }

  void connect() {
    client_ = connect_to(address_of(listener_));
    client_port_ = port_of(client_);
  }
  void take_in() {
    const auto events = feed_.read(-1, kSoon).value();
    for (const DestroyEvent& each : events) {
      EXPECT_EQ(each.local_port, port_);
      ++seen_[each.remote.port];
      last_ = each;
    }
  }
  // Waits for an event of `remote_port`, and then a while for a second one.
  int events_of(std::uint16_t remote_port) {
    EXPECT_TRUE(eventually([&] {
      take_in();
      return seen_[remote_port] > 0;
    }));
    take_in();
    return seen_[remote_port];
  }
  // Closes another connection and waits for its event: what came before it would be here by then.
  void flush() {
    UniqueFd other = connect_to(address_of(listener_));
    const auto other_port = port_of(other);
    UniqueFd server = accept_from(listener_);
    reset_connection(std::move(other));
    EXPECT_EQ(receive_end(server), -1);
    server.reset();
    EXPECT_EQ(events_of(other_port), 1);
  }

  // Accepts `count` connections, ends them at once, and waits until feed_ has told of each.
  void destroy(std::uint64_t count) {
    std::vector<UniqueFd> servers;
    for (std::uint64_t i = 0; i < count; ++i) {
      UniqueFd client = connect_to(address_of(listener_));
      servers.push_back(accept_from(listener_));
      reset_connection(std::move(client));
    }
    servers.clear();
    std::uint64_t told = 0;
    EXPECT_TRUE(eventually([&] {
      told += feed_.read(-1, kSoon).value().size();
      return told >= count;
    })) << told;
  }

  UniqueFd listener_ = listen_on(GetParam());
  std::uint16_t port_ = port_of(listener_);
  DestroyFeed feed_ = DestroyFeed::open({port_}, kBuffer).value();
  UniqueFd client_;
  std::uint16_t client_port_ = 0;
  std::map<std::uint16_t, int> seen_;
  DestroyEvent last_;
};

INSTANTIATE_TEST_SUITE_P(Ip, DestroyFeedTest, ::testing::Values("127.0.0.1", "::1"),
                         [](const auto& instance) {
                           return std::string(instance.param) == "::1" ? "v6" : "v4";
                         });

TEST_P(DestroyFeedTest, OneEventWhenTheClientEndsWithFin) {
  UniqueFd server = accept_from(listener_);
  const SocketAddress from = address_of(client_);
  ASSERT_EQ(::send(client_.get(), "hello", 5, 0), 5);
  client_.reset();
  EXPECT_EQ(receive_end(server), 0);
  flush();
  EXPECT_EQ(seen_[client_port_], 0) << "in CLOSE_WAIT it is alive";
  server.reset();
  EXPECT_EQ(events_of(client_port_), 1);
  EXPECT_EQ(last_.remote, Endpoint::of(from));
  EXPECT_TRUE(last_.has_info);
  EXPECT_EQ(last_.bytes_received, 6U);  // and the FIN
}

TEST_P(DestroyFeedTest, OneEventWhenTheServerEndsFirstHoweverLongTimeWaitTakes) {
  UniqueFd server = accept_from(listener_);
  server.reset();
  EXPECT_EQ(events_of(client_port_), 1) << "FIN_WAIT2 of a closed descriptor is waited out apart";
  EXPECT_EQ(receive_end(client_), 0);
  client_.reset();
  auto diag = SockDiag::open().value();
  EXPECT_TRUE(eventually([&] {
    const DumpQuery waiting{.states = mask_of(TcpState::kTimeWait), .local_port = port_};
    return diag.dump_all(waiting).value().size() == 1;
  }));
  flush();
  EXPECT_EQ(seen_[client_port_], 1);
}

TEST_P(DestroyFeedTest, ALeakOfAResetConnectionHasNoEventUntilItIsClosed) {
  UniqueFd server = accept_from(listener_);
  reset_connection(std::move(client_));
  EXPECT_EQ(receive_end(server), -1);
  flush();
  EXPECT_EQ(seen_[client_port_], 0);
  server.reset();
  EXPECT_EQ(events_of(client_port_), 1);
}

TEST_P(DestroyFeedTest, ResetBeforeAcceptKeepsItsPort) {
  reset_connection(std::move(client_));
  UniqueFd server = accept_from(listener_);
  ASSERT_TRUE(server);
  EXPECT_EQ(receive_end(server), -1);
  server.reset();
  EXPECT_EQ(events_of(client_port_), 1);
}

TEST_P(DestroyFeedTest, TheNeverAcceptedDieWithTheListenerWithoutTheirPort) {
  auto diag = SockDiag::open().value();
  std::uint64_t cookie = 0;
  const auto sockets = diag.dump_all({.local_port = port_}).value();
  for (const TcpSocket& each : sockets) {
    if (each.remote.port == client_port_) cookie = each.cookie;
  }
  ASSERT_NE(cookie, 0U);
  listener_.reset();
  EXPECT_EQ(receive_end(client_), -1);
  std::vector<std::uint64_t> cookies;
  EXPECT_TRUE(eventually([&] {
    const auto events = feed_.read(-1, kSoon).value();
    for (const DestroyEvent& each : events) {
      EXPECT_EQ(each.remote.port, 0);
      cookies.push_back(each.cookie);
    }
    return cookies.size() == 2;
  }));
  EXPECT_THAT(cookies, ::testing::Contains(cookie)) << "but it is known by its cookie";
}

TEST_P(DestroyFeedTest, ATargetMayHaveSeveralPorts) {
  std::vector<UniqueFd> listeners;
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < 3; ++i)
    ports.push_back(port_of(listeners.emplace_back(listen_on(GetParam()))));
  auto feed = DestroyFeed::open(ports, kBuffer).value();
  std::set<std::uint16_t> clients;
  for (const UniqueFd& listener : listeners) {
    UniqueFd client = connect_to(address_of(listener));
    clients.insert(port_of(client));
    reset_connection(std::move(client));
    accept_from(listener).reset();
  }
  std::set<std::uint16_t> told;
  EXPECT_TRUE(eventually([&] {
    for (const DestroyEvent& each : feed.read(-1, kSoon).value()) told.insert(each.remote.port);
    return told == clients;
  }));
  const std::vector<std::uint16_t> too_many(DestroyFeed::kMostPorts + 1, 7);
  EXPECT_EQ(DestroyFeed::open(too_many, kBuffer).error(), errno_error(E2BIG));
}

TEST_P(DestroyFeedTest, OnlyTheTargetsPortPassesTheFilter) {
  const UniqueFd server = accept_from(listener_);
  const UniqueFd elsewhere = listen_on(GetParam());
  auto other = DestroyFeed::open({port_of(elsewhere)}, kBuffer).value();
  UniqueFd stranger = connect_to(address_of(elsewhere));
  const auto stranger_port = port_of(stranger);
  reset_connection(std::move(stranger));
  accept_from(elsewhere).reset();
  EXPECT_TRUE(eventually([&] {
    const auto events = other.read(-1, kSoon).value();
    return !events.empty() && events.front().remote.port == stranger_port;
  }));
  flush();  // take_in() checks that all are of the port
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_P(DestroyFeedTest, SeesEachOfManyExactlyOnce) {
  constexpr int kConnections = 2000;
  UniqueFd server = accept_from(listener_);
  std::map<std::uint16_t, int> expected;
  for (int i = 0; i < kConnections; ++i) {
    connect();
    server = accept_from(listener_);
    ASSERT_TRUE(server);
    ++expected[client_port_];
    reset_connection(std::move(client_));
  }
  server.reset();
  EXPECT_TRUE(eventually([&] {
    take_in();
    int total = 0;
    for (const auto& [port, times] : seen_) total += times;
    return total >= kConnections + 1;  // the first one, of the constructor, too
  }));
  for (const auto& [port, times] : expected) EXPECT_EQ(seen_[port], times) << port;
  EXPECT_EQ(feed_.dropped(), 0U);
}

TEST_P(DestroyFeedTest, EveryDroppedEventIsCountedInEachOverflow) {
  constexpr std::uint64_t kConnections = 100;
  auto small = DestroyFeed::open({port_}, kSmallBuffer).value();
  std::uint64_t all = 0;
  std::uint64_t seen = 0;
  for (int overflow = 0; overflow < 3; ++overflow) {
    const std::uint64_t seen_before = seen;
    const std::uint64_t dropped_before = small.dropped();
    destroy(kConnections);  // feed_ has room and is the witness; nobody reads the small one
    all += kConnections;
    EXPECT_TRUE(eventually([&] {
      seen += small.read(-1, kSoon).value().size();
      return seen + small.dropped() >= all;
    }));
    EXPECT_EQ(seen + small.dropped(), all) << seen << " seen";
    EXPECT_GT(seen, seen_before) << "it takes events in again after an overflow";
    EXPECT_GT(small.dropped(), dropped_before + kConnections / 2);
    EXPECT_EQ(feed_.dropped(), 0U);
  }
}

// The reader empties the small buffer again and again while events come, so that overflows begin
// and end in the middle of its calls.
TEST_P(DestroyFeedTest, SeenAndDroppedAreAllThatWereUnderLoad) {
  constexpr std::uint64_t kBurst = 100;
  auto small = DestroyFeed::open({port_}, kSmallBuffer).value();
  const UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::atomic<std::uint64_t> seen{0};  // both are written by the reader only
  std::atomic<std::uint64_t> dropped{0};
  std::thread reader([&] {
    eventfd_t stopped = 0;
    while (::eventfd_read(stop.get(), &stopped) != 0) {
      const auto events = small.read(stop.get(), kSoon);
      if (!events) return;
      seen += events->size();
      dropped = small.dropped();
    }
  });
  std::uint64_t all = 0;
  EXPECT_TRUE(eventually([&] {
    destroy(kBurst);
    all += kBurst;
    return all >= 20 * kBurst && seen > 0 && dropped > 0;
  }));
  EXPECT_TRUE(eventually([&] { return seen + dropped >= all; }))
      << all << " destroyed, " << seen << " seen, " << dropped << " dropped";
  ::eventfd_write(stop.get(), 1);
  reader.join();
  EXPECT_EQ(seen + dropped, all) << seen << " seen, " << dropped << " dropped";
}

TEST_P(DestroyFeedTest, WhatTheFilterSortsOutTakesNoRoomAndIsNoLoss) {
  const UniqueFd elsewhere = listen_on(GetParam());
  auto small = DestroyFeed::open({port_of(elsewhere)}, kSmallBuffer).value();
  destroy(100);  // of another port
  UniqueFd client = connect_to(address_of(elsewhere));
  reset_connection(std::move(client));
  accept_from(elsewhere).reset();
  std::size_t seen = 0;
  EXPECT_TRUE(eventually([&] {
    seen += small.read(-1, kSoon).value().size();
    return seen > 0;
  }));
  EXPECT_EQ(seen, 1U);
  EXPECT_EQ(small.dropped(), 0U);
}

TEST_P(DestroyFeedTest, AnotherThreadCanStopTheWait) {
  const UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  const auto begin = Clock::now();
  std::thread stopper([&] { (void)::eventfd_write(stop.get(), 1); });
  const auto events = feed_.read(stop.get(), std::chrono::seconds(60));
  stopper.join();
  ASSERT_TRUE(events);
  EXPECT_TRUE(events->empty());
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(30));
}

TEST_P(DestroyFeedTest, SaysWhatBufferItGot) {
  EXPECT_EQ(feed_.buffer_bytes(), kBuffer);
  EXPECT_EQ(feed_.buffer_note(), "");
}

TEST(DestroyFeedBuffer, WithoutTheRightItIsSmallerAndSaysWhy) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give rights up in a child";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    constexpr std::size_t kWanted = 1U << 30;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(10);
    const auto feed = DestroyFeed::open({7}, kWanted);
    if (!feed) ::_exit(11);
    if (feed->buffer_bytes() == 0 || feed->buffer_bytes() >= kWanted - 1) ::_exit(12);
    if (feed->buffer_note().find("CAP_NET_ADMIN") == std::string::npos) ::_exit(13);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
}

}  // namespace
}  // namespace closewait
