#include <gtest/gtest.h>
#include <sys/socket.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

// Nobody accepts before the client is gone: what accept() gives is dead.
TEST(RstBeforeAccept, LeavesADeadConnectionInTheQueue) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  ASSERT_EQ(::bind(listener.get(), any.data(), any.size()), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  expect_delivered(
      run(play_of("rst-before-accept", SocketAddress::local_of(listener.get()).value())));
  const UniqueFd dead(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  ASSERT_TRUE(dead);
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  EXPECT_EQ(::getpeername(dead.get(), reinterpret_cast<sockaddr*>(&peer), &size), -1);
  EXPECT_EQ(errno, ENOTCONN);
  char byte = 0;
  EXPECT_EQ(::recv(dead.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST(RstBeforeAccept, SaysNothingBefore) {
  Peer peer(never_answers());
  expect_delivered(run(play_of("rst-before-accept", peer.address())));
  const Seen seen = peer.end();
  EXPECT_EQ(seen.received, 0U);
  EXPECT_EQ(seen.error, ECONNRESET);
}

}  // namespace
}  // namespace closewait
