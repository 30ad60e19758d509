#include "observe/network.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <iterator>
#include <list>

#include "base/address.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr const char* kNetstat =
    "TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPSynRetrans TCPOrigDataSent\n"
    "TcpExt: 1 20 300 4000 50000\n"
    "IpExt: InNoRoutes ListenDrops\n"
    "IpExt: 7 8\n";

TEST(Netstat, HasItsCountersByName) {
  EXPECT_EQ(parse_netstat(kNetstat), (NetworkCounts{20, 300, 4000, 0}));
  EXPECT_EQ(parse_netstat("TcpExt: ListenDrops\nTcpExt: 5\n"), (NetworkCounts{0, 5, 0, 0}));
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

}  // namespace
}  // namespace closewait
