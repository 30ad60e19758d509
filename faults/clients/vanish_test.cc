#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"
#include "faults/offer.h"

namespace closewait {
namespace {

constexpr std::uint64_t kSize = 1024;

// A server of one connection, which it keeps.
class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto any = SocketAddress::parse("127.0.0.1:0").value();
    EXPECT_EQ(::bind(listener_.get(), any.data(), any.size()), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    thread_ = std::thread([this] {
      kept_ = UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::array<char, 4096> request;
      static_cast<void>(::recv(kept_.get(), request.data(), request.size(), 0));
      const std::string answer = http_answer(kSize);
      static_cast<void>(::send(kept_.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
    });
  }
  ~Server() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] SocketAddress address() const {
    return SocketAddress::local_of(listener_.get()).value();
  }
  // Its end of the connection, once it has answered.
  [[nodiscard]] int connection() {
    if (thread_.joinable()) thread_.join();
    return kept_.get();
  }

 private:
  UniqueFd listener_;
  UniqueFd kept_;
  std::thread thread_;
};

short flags_within(int fd, int milliseconds) {
  pollfd asked{fd, POLLIN | POLLRDHUP, 0};
  ::poll(&asked, 1, milliseconds);
  return asked.revents;
}

TEST(Vanish, TellsNobodyAndWhatIsSentThenIsReset) {
  if (!may_vanish()) GTEST_SKIP() << "needs CAP_NET_ADMIN";
  Server server;
  const Played played = run(play_of("vanish", server.address()));
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const int fd = server.connection();
  EXPECT_EQ(flags_within(fd, 50), 0);  // neither a FIN nor a reset
  std::uint8_t state = 0;
  socklen_t size = sizeof(state);
  ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size), 0);
  EXPECT_EQ(state, TCP_ESTABLISHED);
  ASSERT_EQ(::send(fd, "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_NE(flags_within(fd, 5000) & POLLERR, 0);  // nobody is there
}

}  // namespace
}  // namespace closewait
