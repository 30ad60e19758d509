#include "observe/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <memory>

#include "observe/observe_error.h"
#include "observe/test_support.h"

namespace closewait {
namespace {

using testing::address_of;
using testing::ChildProcess;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::listen_on;
using testing::port_of;
using ::testing::UnorderedElementsAre;

class TargetTest : public ::testing::Test {
 protected:
  // A process that alone holds a listener, and where that is.
  std::unique_ptr<ChildProcess> server(std::string_view ip) {
    UniqueFd listener = listen_on(ip);
    address_ = address_of(listener);
    return std::make_unique<ChildProcess>([] {});
  }

  SockDiag diag_ = SockDiag::open().value();
  SocketAddress address_;
};

TEST_F(TargetTest, IsWhoHoldsTheListener) {
  for (const char* ip : {"127.0.0.1", "::1"}) {
    const auto child = server(ip);
    const auto target = find_target(diag_, {address_});
    ASSERT_TRUE(target) << describe(target.error());
    EXPECT_THAT(target->roots, ElementsAre(child->pid())) << ip;
    EXPECT_THAT(target->pids, ElementsAre(child->pid())) << ip;
  }
}

TEST_F(TargetTest, AWildcardListenerCounts) {
  for (const char* ip : {"0.0.0.0", "::"}) {
    const auto child = server(ip);
    const auto to = SocketAddress::parse_ip("127.0.0.1", address_.port()).value();
    EXPECT_THAT(find_target(diag_, {to}).value().roots, ElementsAre(child->pid())) << ip;
  }
}

TEST_F(TargetTest, AMasterIsTheRootOfItsWorkers) {
  UniqueFd listener = listen_on("127.0.0.1");
  const ChildProcess master([] {
    static std::unique_ptr<ChildProcess> worker;
    worker = std::make_unique<ChildProcess>([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
  });
  address_ = address_of(listener);
  listener.reset();
  const auto target = find_target(diag_, {address_});
  ASSERT_TRUE(target);
  EXPECT_THAT(target->roots, ElementsAre(master.pid()));
  EXPECT_THAT(target->pids, ::testing::SizeIs(2));
}

TEST_F(TargetTest, WhoListensAtSeveralAddresses) {
  const auto one = server("127.0.0.1");
  const SocketAddress first = address_;
  const auto other = server("127.0.0.2");
  const auto target = find_target(diag_, {first, address_});
  ASSERT_TRUE(target) << describe(target.error());
  EXPECT_THAT(target->roots, ::testing::UnorderedElementsAre(one->pid(), other->pid()));
  const auto nobody = SocketAddress::parse_ip("127.0.0.3", first.port()).value();
  EXPECT_EQ(find_target(diag_, {first, nobody}).error(), ObserveError::kNoListener);
}

TEST_F(TargetTest, NobodyListening) {
  auto child = server("127.0.0.1");
  const auto elsewhere = SocketAddress::parse_ip("127.0.0.2", address_.port()).value();
  EXPECT_EQ(find_target(diag_, {elsewhere}).error(), ObserveError::kNoListener);
  child.reset();
  EXPECT_EQ(find_target(diag_, {address_}).error(), ObserveError::kNoListener);
  const auto path = SocketAddress::parse("unix:/nowhere").value();
  EXPECT_EQ(find_target(diag_, {path}).error(), boost::system::errc::not_supported);
}

TEST_F(TargetTest, AListenerOfAnotherUserIsHidden) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to look as another user";
  const auto child = server("127.0.0.1");
  const pid_t other = ::fork();
  ASSERT_GE(other, 0);
  if (other == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(10);
    const auto target = find_target(diag_, {address_});
    ::_exit(!target && target.error() == ObserveError::kHolderHidden ? 0 : 11);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
}

TEST_F(TargetTest, FindsWhereAStartedProcessListens) {
  UniqueFd first = listen_on("127.0.0.1"), second = listen_on("::1");
  const ChildProcess shell([] {
    static std::unique_ptr<ChildProcess> server;
    server = std::make_unique<ChildProcess>([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
  });
  const SocketAddress v4 = address_of(first), v6 = address_of(second);
  first.reset();
  second.reset();
  EXPECT_THAT(listening_addresses(diag_, shell.pid()).value(), UnorderedElementsAre(v4, v6));

  ChildProcess silent([] {});
  EXPECT_THAT(listening_addresses(diag_, silent.pid()).value(), IsEmpty());
  const pid_t pid = silent.pid();
  silent.kill_now();
  silent.reap();
  EXPECT_EQ(listening_addresses(diag_, pid).error(), ObserveError::kProcessEnded);
}

TEST(ListensFor, MatchesAddressFamilyAndPort) {
  struct Row {
    const char* listener;
    const char* address;
    bool matches;
  };
  for (const Row& row : std::initializer_list<Row>{{"127.0.0.1:80", "127.0.0.1:80", true},
                                                   {"127.0.0.1:80", "127.0.0.1:81", false},
                                                   {"127.0.0.1:80", "127.0.0.2:80", false},
                                                   {"0.0.0.0:80", "127.0.0.1:80", true},
                                                   {"0.0.0.0:80", "[::1]:80", false},
                                                   {"[::]:80", "127.0.0.1:80", true},
                                                   {"[::]:80", "[::1]:80", true},
                                                   {"[::1]:80", "[::1]:80", true},
                                                   {"[::1]:80", "127.0.0.1:80", false},
                                                   {"127.0.0.1:80", "0.0.0.0:80", true},
                                                   {"127.0.0.1:80", "[::]:80", false}}) {
    const auto at = SocketAddress::parse(row.listener).value();
    TcpSocket listener;
    listener.family = static_cast<std::uint8_t>(at.family());
    listener.state = TcpState::kListen;
    listener.local = Endpoint::of(at);
    const auto address = SocketAddress::parse(row.address).value();
    EXPECT_EQ(listens_for(listener, address), row.matches) << row.listener << " " << row.address;
    listener.state = TcpState::kEstablished;
    EXPECT_FALSE(listens_for(listener, address));
  }
}

}  // namespace
}  // namespace closewait
