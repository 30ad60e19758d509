#include "observe/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <ctime>

#include "observe/observe_error.h"
#include "observe/target.h"
#include "observe/test_support.h"

namespace closewait {
namespace {

using testing::accept_from;
using testing::address_of;
using testing::ChildProcess;
using testing::connect_to;
using testing::eventually;
using testing::listen_on;
using testing::port_of;
using testing::reset_connection;

// This process is the target: what it opens and closes is what the observer has to see.
class ObserverTest : public ::testing::Test {
 protected:
  const TargetSocket* find(const FullLook& look, std::uint16_t remote_port) {
    const auto found =
        std::find_if(look.sockets.begin(), look.sockets.end(),
                     [&](const TargetSocket& each) { return each.remote.port == remote_port; });
    return found == look.sockets.end() ? nullptr : &*found;
  }

  UniqueFd listener_ = listen_on("127.0.0.1", 9);
  Observer observer_ = Observer::open({address_of(listener_)}, {::getpid()}).value();
};

TEST_F(ObserverTest, EverythingIsAvailableHere) {
  const Availability& availability = observer_.availability();
  EXPECT_TRUE(availability.fds);
  EXPECT_TRUE(availability.sockets);
  EXPECT_TRUE(availability.epoll);
  EXPECT_EQ(availability.why, "");
  EXPECT_TRUE(observer_.alive());
}

TEST_F(ObserverTest, ASampleCountsDescriptorsAndTheQueue) {
  const Sample before = observer_.sample().value();
  const UniqueFd first = connect_to(address_of(listener_));
  const UniqueFd second = connect_to(address_of(listener_));
  const Sample after = observer_.sample().value();
  EXPECT_EQ(after.fds, before.fds + 2);
  EXPECT_EQ(after.processes, 1U);
  EXPECT_GE(after.threads, 1U);
  EXPECT_GT(after.rss_bytes, 0U);
  EXPECT_EQ(before.listen_queue, 0U);
  EXPECT_EQ(after.listen_queue, 2U);
  EXPECT_EQ(after.listen_limit, 9U);
}

TEST_F(ObserverTest, ASampleAddsUpChildrenThatComeAndGo) {
  const Sample before = observer_.sample().value();
  {
    const ChildProcess child([] {});
    const Sample with = observer_.sample().value();
    EXPECT_EQ(with.processes, 2U);
    EXPECT_GE(with.fds, 2 * before.fds);
    EXPECT_GT(with.rss_bytes, before.rss_bytes);
    EXPECT_THAT(observer_.pids(), ::testing::ElementsAre(::getpid(), child.pid()));
  }
  EXPECT_EQ(observer_.sample().value().processes, 1U);
}

TEST_F(ObserverTest, TheTimeOfAChildIsKeptWhenItEnds) {
  const double before = observer_.sample().value().cpu_seconds;
  ChildProcess child([] {
    const auto begin = ::clock();
    while (::clock() - begin < CLOCKS_PER_SEC / 5) {
    }
  });
  EXPECT_GE(observer_.sample().value().cpu_seconds, before + 0.15);
  child.kill_now();
  child.reap();
  EXPECT_GE(observer_.sample().value().cpu_seconds, before + 0.15);
}

TEST_F(ObserverTest, SocketsAreCountedByStateAtAnyTime) {
  UniqueFd closing = connect_to(address_of(listener_));
  const UniqueFd held = accept_from(listener_);
  const UniqueFd waiting = connect_to(address_of(listener_));
  std::map<std::string, std::uint64_t> counts = observer_.sockets_by_state().value();
  EXPECT_EQ(counts["ESTABLISHED"], 2U);
  EXPECT_EQ(counts["LISTEN"], 1U);
  ::shutdown(closing.get(), SHUT_WR);
  EXPECT_TRUE(eventually([&] {
    counts = observer_.sockets_by_state().value();
    return counts["CLOSE_WAIT"] == 1;
  }));
  EXPECT_EQ(counts["ESTABLISHED"], 1U);
}

TEST_F(ObserverTest, WhatIsEstablishedIsWhatTheTargetHasAccepted) {
  const UniqueFd client = connect_to(address_of(listener_));
  const UniqueFd held = accept_from(listener_);
  UniqueFd closing = connect_to(address_of(listener_));
  const UniqueFd half = accept_from(listener_);
  ::shutdown(closing.get(), SHUT_WR);
  const UniqueFd waiting = connect_to(address_of(listener_));
  std::vector<TcpSocket> seen;
  EXPECT_TRUE(eventually([&] {
    seen = observer_.established().value();
    return seen.size() == 1;
  })) << "one is in CLOSE_WAIT, one is not accepted, and the clients have other ports";
  EXPECT_EQ(seen.at(0).remote.port, port_of(client));
  EXPECT_EQ(seen.at(0).local.port, port_of(listener_));
}

TEST_F(ObserverTest, ACensusTellsWhoseSocketIsWhat) {
  UniqueFd closing = connect_to(address_of(listener_));
  const auto closing_port = port_of(closing);
  const UniqueFd held = accept_from(listener_);
  ::shutdown(closing.get(), SHUT_WR);
  const UniqueFd ahead = connect_to(address_of(listener_));
  const UniqueFd taken = accept_from(listener_);
  const UniqueFd waiting = connect_to(address_of(listener_));
  FullLook look;
  EXPECT_TRUE(eventually([&] {
    look = observer_.census().value();
    return look.census.sockets_by_state["CLOSE_WAIT"] == 1;
  }));
  EXPECT_EQ(look.census.sockets_by_state["ESTABLISHED"], 2U);
  EXPECT_EQ(look.census.sockets_by_state["LISTEN"], 1U);
  EXPECT_EQ(look.census.dead_sockets, 0U);
  ASSERT_EQ(look.sockets.size(), 3U);
  EXPECT_EQ(find(look, closing_port)->state, TcpState::kCloseWait);
  EXPECT_TRUE(find(look, closing_port)->held);
  EXPECT_TRUE(find(look, port_of(ahead))->held);
  EXPECT_FALSE(find(look, port_of(waiting))->held);
  EXPECT_EQ(find(look, port_of(waiting))->inode, 0U);
}

TEST_F(ObserverTest, ACensusFindsDeadSocketsAndLeavesOtherProtocolsOut) {
  const UniqueFd local(::socket(AF_UNIX, SOCK_STREAM, 0)), udp(::socket(AF_INET, SOCK_DGRAM, 0));
  const UniqueFd elsewhere = listen_on("::1");  // TCP, but in a table
  std::vector<UniqueFd> leaked;
  for (int i = 0; i < 3; ++i) {
    UniqueFd client = connect_to(address_of(listener_));
    leaked.push_back(accept_from(listener_));
    reset_connection(std::move(client));
  }
  const UniqueFd twice(::dup(leaked[0].get()));
  FullLook look;
  EXPECT_TRUE(eventually([&] {
    look = observer_.census().value();
    return look.census.dead_sockets == 3;
  })) << look.census.dead_sockets;
  leaked.clear();
  EXPECT_EQ(observer_.census().value().census.dead_sockets, 1U) << "the dup holds one still";
}

TEST_F(ObserverTest, ACensusSortsDescriptorsAndCountsRegistrations) {
  const FullLook before = observer_.census().value();
  const UniqueFd epoll(::epoll_create1(0)), event(::eventfd(0, 0)), other(::eventfd(0, 0));
  for (const int fd : {event.get(), other.get(), listener_.get()}) {
    epoll_event wanted{EPOLLIN, {}};
    ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &wanted), 0);
  }
  FullLook after = observer_.census().value();
  EXPECT_EQ(after.census.epoll_registrations, before.census.epoll_registrations + 3);
  auto kinds = before.census.fds_by_kind;
  kinds["epoll"] += 1;
  kinds["eventfd"] += 2;
  EXPECT_EQ(after.census.fds_by_kind, kinds);
  EXPECT_EQ(after.census.sample.fds, before.census.sample.fds + 3);
}

TEST_F(ObserverTest, AnotherProgramsAddressOnTheSamePortIsNotTheTargets) {
  UniqueFd theirs = testing::tcp_socket(address_of(listener_));
  const auto address = SocketAddress::parse_ip("127.0.0.2", port_of(listener_)).value();
  ASSERT_EQ(::bind(theirs.get(), address.data(), address.size()), 0);
  ASSERT_EQ(::listen(theirs.get(), 9), 0);
  const ChildProcess stranger([] {});
  theirs.reset();
  const UniqueFd client = connect_to(address);
  auto mine = Observer::open({address_of(listener_)}, {::getpid()}).value();
  EXPECT_EQ(find(mine.census().value(), port_of(client)), nullptr);
  auto other = Observer::open({address}, {stranger.pid()}).value();
  EXPECT_NE(find(other.census().value(), port_of(client)), nullptr);
}

TEST_F(ObserverTest, ATargetMayHaveSeveralAddresses) {
  const UniqueFd second = listen_on("127.0.0.2", 9);
  const UniqueFd client = connect_to(address_of(second));
  const UniqueFd server = accept_from(second);
  auto both = Observer::open({address_of(listener_), address_of(second)}, {::getpid()}).value();
  const auto states = both.sockets_by_state().value();
  EXPECT_EQ(states.at("LISTEN"), 2U);
  EXPECT_EQ(states.at("ESTABLISHED"), 1U);
  EXPECT_NE(find(both.census().value(), port_of(client)), nullptr);
  EXPECT_EQ(both.sample().value().listen_limit, 2 * observer_.sample().value().listen_limit);
}

TEST_F(ObserverTest, TheEndOfTheTargetIsAValue) {
  ChildProcess child([] {});
  const pid_t pid = child.pid();
  auto observer = Observer::open({address_of(listener_)}, {pid}).value();
  EXPECT_TRUE(observer.alive());
  child.kill_now();
  EXPECT_TRUE(eventually([&] { return !observer.alive(); })) << "a zombie does not live";
  EXPECT_EQ(observer.sample().error(), ObserveError::kProcessEnded);
  child.reap();
  EXPECT_FALSE(observer.alive());
  EXPECT_EQ(observer.census().error(), ObserveError::kProcessEnded);
  EXPECT_EQ(Observer::open({address_of(listener_)}, {pid}).error(), ObserveError::kProcessEnded);
}

TEST_F(ObserverTest, AsAnotherUserItSaysWhatIsMissingAndStillSamples) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to look as another user";
  const pid_t target = ::getpid();
  const pid_t other = ::fork();
  ASSERT_GE(other, 0);
  if (other == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(10);
    auto observer = Observer::open({address_of(listener_)}, {target});
    if (!observer) ::_exit(11);
    const Availability& availability = observer->availability();
    if (availability.fds || availability.epoll || !availability.sockets) ::_exit(12);
    if (availability.why.find("CAP_SYS_PTRACE") == std::string::npos) ::_exit(13);
    const auto sample = observer->sample();
    if (!sample || sample->fds == 0 || sample->listen_limit != 9) ::_exit(14);
    const auto look = observer->census();
    if (!look || look->census.sockets_by_state.at("LISTEN") != 1) ::_exit(15);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
}

}  // namespace
}  // namespace closewait
