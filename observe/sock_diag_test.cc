#include "observe/sock_diag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "observe/observe_error.h"
#include "observe/test_support.h"

namespace closewait {
namespace {

using testing::accept_from;
using testing::address_of;
using testing::connect_to;
using testing::eventually;
using testing::listen_on;
using testing::port_of;

// A listener of its own, and questions about its port.
class SockDiagTest : public ::testing::Test {
 protected:
  std::vector<TcpSocket> sockets(std::uint32_t states = kAllTcpStates) {
    return diag_.dump_all({.states = states, .local_port = port_of(listener_)}).value();
  }
  // The target's side of the connection of `client`.
  TcpSocket server_side(const UniqueFd& client) {
    const auto all = sockets();
    for (const TcpSocket& each : all) {
      if (each.remote == Endpoint::of(address_of(client))) return each;
    }
    return {};
  }

  SockDiag diag_ = SockDiag::open().value();
  UniqueFd listener_ = listen_on("127.0.0.1", 5);
};

TEST_F(SockDiagTest, SeesBothFamiliesAndTheMappedPeerOfADualStackListener) {
  for (const char* ip : {"127.0.0.1", "::1", "::"}) {
    listener_ = listen_on(ip);
    const auto to = std::string(ip) == "::"
                        ? SocketAddress::parse_ip("127.0.0.1", port_of(listener_)).value()
                        : address_of(listener_);
    const UniqueFd client = connect_to(to);
    const UniqueFd server = accept_from(listener_);
    ASSERT_TRUE(server);
    const TcpSocket seen = server_side(client);
    EXPECT_EQ(name_of(seen.state), "ESTABLISHED") << ip;
    EXPECT_EQ(seen.local, Endpoint::of(to)) << ip;
    EXPECT_EQ(seen.uid, ::geteuid());
    struct stat information {};
    ASSERT_EQ(::fstat(server.get(), &information), 0);
    EXPECT_EQ(seen.inode, information.st_ino) << ip;
  }
}

TEST_F(SockDiagTest, ThePortFilterLeavesTheClientsSideOut) {
  const UniqueFd client = connect_to(address_of(listener_));
  const auto of_port = sockets();
  // Others than these are in TIME_WAIT, of who had the port before.
  EXPECT_EQ(
      std::ranges::count(of_port, "LISTEN", [](const auto& each) { return name_of(each.state); }),
      1);
  EXPECT_EQ(name_of(server_side(client).state), "ESTABLISHED");
  EXPECT_TRUE(std::ranges::all_of(of_port, [&](const TcpSocket& each) {
    return each.local.port == port_of(listener_) && each.local != Endpoint::of(address_of(client));
  }));
  const auto all = diag_.dump_all({}).value();
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [&](const TcpSocket& each) {
                            // Its port may serve another program for another peer.
                            return each.local == Endpoint::of(address_of(client)) &&
                                   each.remote == Endpoint::of(address_of(listener_));
                          }),
            1);
}

TEST_F(SockDiagTest, FollowsTheStates) {
  UniqueFd client = connect_to(address_of(listener_));
  const SocketAddress from = address_of(client);
  EXPECT_EQ(server_side(client).inode, 0U) << "not accepted yet";
  UniqueFd server = accept_from(listener_);
  const auto state = [&] {
    const auto all = sockets();
    for (const TcpSocket& each : all) {
      if (each.remote == Endpoint::of(from)) return name_of(each.state);
    }
    return std::string_view("none");
  };
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_TRUE(eventually([&] { return state() == "CLOSE_WAIT"; }));
  EXPECT_THAT(sockets(mask_of(TcpState::kCloseWait)), ::testing::SizeIs(1));
  EXPECT_THAT(sockets(mask_of(TcpState::kListen)), ::testing::SizeIs(1));
  server.reset();
  EXPECT_TRUE(eventually([&] { return state() == "none"; }));

  client = connect_to(address_of(listener_));
  server = accept_from(listener_);
  ::shutdown(server.get(), SHUT_WR);
  EXPECT_TRUE(eventually([&] { return name_of(server_side(client).state) == "FIN_WAIT2"; }));
}

TEST_F(SockDiagTest, ASocketThatGotAnRstIsInNoDump) {
  UniqueFd client = connect_to(address_of(listener_));
  const UniqueFd server = accept_from(listener_);
  testing::reset_connection(std::move(client));
  EXPECT_TRUE(eventually([&] { return sockets().size() == 1; }));
}

TEST_F(SockDiagTest, GivesWhatIsUnread) {
  const UniqueFd client = connect_to(address_of(listener_));
  const UniqueFd server = accept_from(listener_);
  ASSERT_EQ(::send(client.get(), "hello", 5, 0), 5);
  EXPECT_TRUE(eventually([&] { return server_side(client).receive_queue == 5; }));
}

TEST_F(SockDiagTest, LooksUpAListenersQueue) {
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(connect_to(address_of(listener_)));
  const auto found = diag_.listener(address_of(listener_));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, TcpState::kListen);
  EXPECT_EQ(found->receive_queue, 3U);
  EXPECT_EQ(found->send_queue, 5U);
  const UniqueFd server = accept_from(listener_);
  EXPECT_EQ(diag_.listener(address_of(listener_)).value().receive_queue, 2U);
  EXPECT_THAT(diag_.listeners(port_of(listener_)).value(), ::testing::SizeIs(1));
}

TEST_F(SockDiagTest, AWildcardListenerAnswersForAnAddress) {
  for (const char* ip : {"0.0.0.0", "::"}) {
    listener_ = listen_on(ip);
    const auto found =
        diag_.listener(SocketAddress::parse_ip("127.0.0.1", port_of(listener_)).value());
    ASSERT_TRUE(found) << ip;
    EXPECT_TRUE(found->local.is_any()) << ip;
  }
}

TEST_F(SockDiagTest, NobodyListening) {
  const SocketAddress address = address_of(listener_);
  listener_.reset();
  EXPECT_EQ(diag_.listener(address).error(), ObserveError::kNoListener);
  EXPECT_THAT(diag_.listeners(address.port()).value(), ::testing::IsEmpty());
}

TEST_F(SockDiagTest, DumpsOfManyBlocksAreWhole) {
  constexpr std::size_t kConnections = 400;  // 50 kB of rows, the kernel gives 32 KiB at most
  listener_ = listen_on("127.0.0.1", static_cast<int>(kConnections));
  std::vector<UniqueFd> ends;
  for (std::size_t i = 0; i < kConnections; ++i) {
    ends.push_back(connect_to(address_of(listener_)));
    ends.push_back(accept_from(listener_));
    ASSERT_TRUE(ends.back());
  }
  EXPECT_EQ(sockets().size(), kConnections + 1);
  EXPECT_EQ(sockets(mask_of(TcpState::kEstablished)).size(), kConnections);
}

}  // namespace
}  // namespace closewait
