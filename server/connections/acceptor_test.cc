#include "server/connections/acceptor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <vector>

#include "server/tests/peer_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

class AcceptorTest : public testing::Test {
 protected:
  AcceptorTest() {
    options_.service = find_service("echo");
    auto listeners = open_listeners({*SocketAddress::parse("127.0.0.1:0")}, 1);
    address_ = listeners.front().address;
    acceptor_.emplace(std::move(listeners.front()), loop_, table_, counters_, capacity_.reserve);
    ::getrlimit(RLIMIT_NOFILE, &limit_);
  }
  ~AcceptorTest() override { ::setrlimit(RLIMIT_NOFILE, &limit_); }

  // From now on this process gets no new descriptor, save those it gives up.
  void take_all_descriptors() {
    const UniqueFd next(::fcntl(0, F_DUPFD_CLOEXEC, 0));
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next.get()), .rlim_max = limit_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  template <class Condition>
  [[nodiscard]] bool turn_until(Condition condition) {
    const Instant deadline = Clock::now() + kLongEnough;
    while (!condition() && Clock::now() < deadline) loop_.turn(milliseconds(1));
    return condition();
  }

  ServerOptions options_;
  LoopCounters loop_counters_;
  EventLoop loop_{loop_counters_};
  Counters counters_;
  Capacity capacity_{1000, 1};
  ConnectionTable table_{loop_, options_, counters_, capacity_};
  std::optional<Acceptor> acceptor_;
  SocketAddress address_;
  rlimit limit_{};
};

TEST_F(AcceptorTest, WithoutDescriptorsItTurnsPeersAwayAndRecovers) {
  // UBSan needs a descriptor the first time it sees a class, so it sees them all before.
  Peer(address_).close();
  ASSERT_TRUE(
      turn_until([&] { return counters_.closed_by(CloseReason::kPeerClosed).value() == 1; }));

  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) peers.emplace_back(address_);
  take_all_descriptors();
  EXPECT_TRUE(turn_until([&] { return counters_.turned_away.value() == 3; }));
  EXPECT_GE(counters_.accept_error(EMFILE).value(), 1U);
  for (Peer& peer : peers) EXPECT_EQ(peer.receive(), "") << "turned away means closed";

  const std::uint64_t before = loop_.counters().batches.count();
  const Instant end = Clock::now() + milliseconds(300);
  while (Clock::now() < end) loop_.turn(end - Clock::now());
  EXPECT_LT(loop_.counters().batches.count() - before, 20U) << "it spins";

  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit_), 0);
  ASSERT_TRUE(turn_until([&] { return !capacity_.reserve.is_open(); }));
  Peer peer(address_);
  ASSERT_TRUE(peer.send("again"));
  EXPECT_TRUE(turn_until([&] { return table_.size() == 1; }));
  loop_.turn(milliseconds(1));
  EXPECT_EQ(peer.receive_exactly(5), "again");
}

TEST_F(AcceptorTest, AcceptsOneAndMoreAtOnceWhileTheyKeepComing) {
  std::vector<Peer> peers;
  for (int i = 0; i < 200; ++i) peers.emplace_back(address_);
  loop_.turn(kLongEnough);
  EXPECT_EQ(table_.size(), 1U);
  int turns = 1;
  for (; table_.size() < peers.size() && turns < 1000; ++turns) loop_.turn(milliseconds(1));
  EXPECT_EQ(table_.size(), peers.size());
  EXPECT_LT(turns, 100);
}

}  // namespace
}  // namespace closewait
