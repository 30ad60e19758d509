#include "observe/network.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <list>
#include <utility>

#include "base/address.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr const char* kNetstat =
    "TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPSynRetrans TCPOrigDataSent "
    "TCPAbortOnData TCPAbortOnClose\n"
    "TcpExt: 1 20 300 4000 50000 6 7\n"
    "IpExt: InNoRoutes ListenDrops\n"
    "IpExt: 7 8\n";

TEST(Netstat, HasItsCountersByName) {
  EXPECT_EQ(parse_netstat(kNetstat), (NetworkCounts{.listen_overflows = 20,
                                                    .listen_drops = 300,
                                                    .syn_retransmits = 4000,
                                                    .aborts_on_data = 6,
                                                    .aborts_on_close = 7}));
  EXPECT_EQ(parse_netstat("TcpExt: ListenDrops\nTcpExt: 5\n"), NetworkCounts{.listen_drops = 5});
}

TEST(Netstat, IsNothingWhenItDoesNotReadAsExpected) {
  for (const char* text : {"", "\n\n", "IpExt: A\nIpExt: 1\n", "TcpExt: A B\nTcpExt: 1\n",
                           "TcpExt: A\nIpExt: 1\n", "TcpExt: A"}) {
    EXPECT_FALSE(parse_netstat(text)) << text;
  }
}

TEST(Netstat, ThisKernelHasIt) {
  std::ifstream file("/proc/net/netstat");
  EXPECT_TRUE(parse_netstat(std::string(std::istreambuf_iterator<char>(file), {})));
}

TEST(ResetsSent, AreReadByName) {
  EXPECT_EQ(parse_resets_sent("Ip: Forwarding OutRsts\nIp: 1 9\n"
                              "Tcp: RtoAlgorithm MaxConn OutRsts InCsumErrors\nTcp: 1 -1 42 0\n"
                              "Udp: OutRsts\nUdp: 7\n"),
            42U);
  for (const char* text : {"", "Udp: OutRsts\nUdp: 7\n", "Tcp: OutRsts\nTcp: 1 2\n",
                           "Tcp: OutSegs\nTcp: 5\n", "Tcp: OutRsts"}) {
    EXPECT_FALSE(parse_resets_sent(text)) << text;
  }
}

TEST(Conntrack, AddsUpTheDropsOfAllCpus) {
  EXPECT_EQ(parse_conntrack_drops("entries  insert_failed drop early_drop search_restart\n"
                                  "00002ee0  00000001 00000010 0000000a 00000099\n"
                                  "00002ee0  00000000 00000000 00000002 00000000\n"),
            1U + 16 + 10 + 2);
  EXPECT_FALSE(parse_conntrack_drops(""));
  EXPECT_FALSE(parse_conntrack_drops("other drop\n1 2\n"));
}

// More handshakes than a listener's queue has room for; nobody accepts.
TEST(NetworkWatch, CountsWhatAFullQueueDrops) {
  NetworkWatch watch;
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  ASSERT_EQ(::bind(listener.get(), any.data(), any.size()), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto address = SocketAddress::local_of(listener.get()).value();
  std::list<UniqueFd> clients;
  for (int i = 0; i < 20; ++i) {
    const UniqueFd& client =
        clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(client.get(), address.data(), address.size()));
  }
  const NetworkCounts counts = watch.since_last();
  EXPECT_GE(counts.listen_overflows, 10U);
  EXPECT_GE(counts.listen_drops, counts.listen_overflows);
}

// A socket that is connected to `listener` and accepted: both ends.
std::pair<UniqueFd, UniqueFd> connected(const UniqueFd& listener) {
  const auto address = SocketAddress::local_of(listener.get()).value();
  UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), address.data(), address.size()), 0);
  return {std::move(client), UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))};
}

// Each way to reset, by a thousand; the machine may reset others meanwhile, so they are at least so
// many. That connect(AF_UNSPEC) is no abort is not seen here.
TEST(NetworkWatch, CountsResetsByHowTheyCameAbout) {
  constexpr std::uint64_t kTimes = 1000;
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  ASSERT_EQ(::bind(listener.get(), any.data(), any.size()), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto counts_of = [&](const std::function<void(UniqueFd&, UniqueFd&)>& reset) {
    NetworkWatch watch;
    EXPECT_TRUE(watch.sees_resets());
    for (std::uint64_t i = 0; i < kTimes; ++i) {
      auto [client, server] = connected(listener);
      reset(client, server);
    }
    return watch.since_last();
  };
  const NetworkCounts by_linger = counts_of([](UniqueFd& client, UniqueFd&) {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    client.reset();
  });
  EXPECT_GE(by_linger.resets_sent, kTimes);
  EXPECT_GE(by_linger.aborts_on_data, kTimes);
  const NetworkCounts unread = counts_of([](UniqueFd& client, UniqueFd& server) {
    EXPECT_EQ(::send(server.get(), "x", 1, MSG_NOSIGNAL), 1);
    client.reset();
  });
  EXPECT_GE(unread.resets_sent, kTimes);
  EXPECT_GE(unread.aborts_on_close, kTimes);
  const NetworkCounts by_disconnecting = counts_of([](UniqueFd& client, UniqueFd&) {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    EXPECT_EQ(::connect(client.get(), &nobody, sizeof nobody), 0);
  });
  EXPECT_GE(by_disconnecting.resets_sent, kTimes);
}

}  // namespace
}  // namespace closewait
