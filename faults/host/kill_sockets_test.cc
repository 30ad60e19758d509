#include "faults/host/kill_sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <limits>

#include "base/address.h"
#include "faults/host/process_for_tests.h"

namespace closewait {
namespace {

using State = OngoingFault::State;
using ::testing::HasSubstr;
using testing::settle;

// Both ends of a connection over loopback.
struct Connection {
  UniqueFd client;
  UniqueFd accepted;

  [[nodiscard]] HostSocket server_side() const {
    const auto local = SocketAddress::local_of(accepted.get()).value();
    const auto remote = SocketAddress::local_of(client.get()).value();
    return {.family = static_cast<std::uint8_t>(local.family()),
            .local = Endpoint::of(local),
            .remote = Endpoint::of(remote),
            .cookie = std::numeric_limits<std::uint64_t>::max()};
  }
};

Connection connect_over(const std::string& listen_at, const std::string& connect_to) {
  const auto address = SocketAddress::parse_ip(listen_at, 0).value();
  const UniqueFd listener(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener.get(), address.data(), address.size()) != 0) return {};
  if (::listen(listener.get(), 1) != 0) return {};
  const auto target =
      SocketAddress::parse_ip(connect_to, SocketAddress::local_of(listener.get())->port()).value();
  Connection made{UniqueFd(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)), UniqueFd()};
  if (::connect(made.client.get(), target.data(), target.size()) != 0) return {};
  made.accepted = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return made;
}

// The errno that waits there; 0 for end of input, -1 for nothing at all.
int met_by(const UniqueFd& socket) {
  pollfd wait{socket.get(), POLLIN, 0};
  constexpr int kMoment = 200;
  if (::poll(&wait, 1, kMoment) != 1) return -1;
  char byte = 0;
  return ::recv(socket.get(), &byte, 1, 0) < 0 ? errno : 0;
}

class Killing : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string why = why_not_kill_sockets({});
    if (!why.empty()) GTEST_SKIP() << why;
  }

  // Done to those that are given, as they are then.
  [[nodiscard]] HostTarget target() {
    return {.pids = [] { return std::vector<pid_t>(); },
            .sockets = [this]() -> Result<std::vector<HostSocket>> {
              std::vector<HostSocket> all;
              for (const Connection& each : connections_) all.push_back(each.server_side());
              return all;
            }};
  }
  void connect(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      connections_.push_back(connect_over("127.0.0.1", "127.0.0.1"));
    }
  }

  Guardian guardian_;
  std::vector<Connection> connections_;
};

TEST_F(Killing, TheTargetMeetsAnAbortAndTheClientAReset) {
  connect(1);
  const HostTarget target = this->target();
  KillSockets kill({}, target, guardian_);
  EXPECT_EQ(settle(kill), State::kOver);
  const HostFault came_to = kill.undo();
  EXPECT_EQ(came_to.fault, HostFaultKind::kKillSockets);
  EXPECT_EQ(came_to.sockets, 1U);
  EXPECT_EQ(came_to.error, "");
  EXPECT_EQ(met_by(connections_[0].accepted), ECONNABORTED);
  EXPECT_EQ(met_by(connections_[0].client), ECONNRESET);
}

TEST_F(Killing, IPv6AndIPv4ThroughAnIPv6ListenerToo) {
  for (const auto& [listen_at, to] :
       {std::pair<std::string, std::string>{"::1", "::1"}, {"::", "127.0.0.1"}}) {
    connections_.clear();
    connections_.push_back(connect_over(listen_at, to));
    if (!connections_[0].accepted) GTEST_SKIP() << "no IPv6 here";
    const HostTarget target = this->target();
    KillSockets kill({}, target, guardian_);
    EXPECT_EQ(settle(kill), State::kOver);
    EXPECT_EQ(kill.undo().sockets, 1U) << listen_at;
    EXPECT_EQ(met_by(connections_[0].accepted), ECONNABORTED) << listen_at;
    EXPECT_EQ(met_by(connections_[0].client), ECONNRESET) << listen_at;
  }
}

TEST_F(Killing, AsManyAsAskedForAndNoMore) {
  connect(5);
  const HostTarget target = this->target();
  KillSockets kill({.sockets = 3}, target, guardian_);
  EXPECT_EQ(settle(kill), State::kOver);
  EXPECT_EQ(kill.undo().sockets, 3U);
  int killed = 0;
  for (const Connection& each : connections_) killed += met_by(each.client) == ECONNRESET ? 1 : 0;
  EXPECT_EQ(killed, 3);
}

// Clients may come and go faster than there are enough of them at once.
TEST_F(Killing, GoesOnUntilThereWereEnough) {
  connect(2);
  const HostTarget target = this->target();
  KillSockets kill({.sockets = 3}, target, guardian_);
  EXPECT_EQ(kill.step(), State::kComing);
  EXPECT_EQ(kill.step(), State::kComing) << "the same two are gone";
  connect(2);
  EXPECT_EQ(kill.step(), State::kOver);
  EXPECT_EQ(kill.undo().sockets, 3U);
  EXPECT_EQ(met_by(connections_[3].client), -1) << "one too many";
}

TEST_F(Killing, DoesNotCountWhenThereWereTooFew) {
  connect(2);
  const HostTarget target = this->target();
  KillSockets some({.sockets = 3}, target, guardian_);
  EXPECT_EQ(some.step(), State::kComing);
  const HostFault came_to = some.undo();
  EXPECT_EQ(came_to.sockets, 2U);
  EXPECT_THAT(came_to.error, HasSubstr("2 of 3 connections were killed"));
  connections_.clear();
  KillSockets all({}, target, guardian_);
  EXPECT_EQ(all.step(), State::kComing);
  EXPECT_THAT(all.undo().error, HasSubstr("no connection was established"));
}

// A socket that took the place of the one that was meant stays.
TEST_F(Killing, KnowsTheOneThatWasMeantByItsCookie) {
  connect(1);
  HostSocket other = connections_[0].server_side();
  other.cookie = 1;
  const error_code error = SocketKiller().kill(other);
  EXPECT_TRUE(error == errno_error(ESTALE) || error == errno_error(ENOENT)) << describe(error);
  EXPECT_EQ(met_by(connections_[0].client), -1);
}

TEST(KillSockets, SaysWhatToGrantAndIsNotDoneWithoutTheRight) {
  const Connection connection = connect_over("127.0.0.1", "127.0.0.1");
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    // Without a right of its own it is as it is.
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    const std::string why = why_not_kill_sockets({});
    if (why.find("grant CAP_NET_ADMIN") == std::string::npos) ::_exit(3);
    const HostTarget target{.pids = {}, .sockets = [&]() -> Result<std::vector<HostSocket>> {
                              return std::vector<HostSocket>{connection.server_side()};
                            }};
    Guardian guardian;
    KillSockets kill({}, target, guardian);
    if (kill.step() != State::kOver) ::_exit(4);
    const HostFault came_to = kill.undo();
    const bool told = came_to.sockets == 0 && came_to.error == why;
    ::_exit(told ? 0 : 5);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(stranger, &status, 0), stranger);
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
  EXPECT_EQ(met_by(connection.client), -1) << "it lives";
}

}  // namespace
}  // namespace closewait
